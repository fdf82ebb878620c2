/** Where verbs are in the virtual machine: its soft-RoCE device is on an interface of this address (scripts/verbs-vm/guest.sh). */
export const VERBS = 'libfabric-verbs';
export const VERBS_HOST = '10.77.0.1';
