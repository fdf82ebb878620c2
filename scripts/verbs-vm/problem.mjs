/** What keeps the virtual machine from doing its work, in a sentence for whoever started it. Other errors are bugs of ours. */
export class Problem extends Error {
  name = 'Problem';
}
