/** Loaded by Node before a program, in members of a soak too: plants the bug that `BOWECHO_SOAK_MUTANT` names. */
import { PROTOCOL_MUTANTS } from '../mutants/protocol-mutants.js';

const name = process.env['BOWECHO_SOAK_MUTANT'];
const mutant = PROTOCOL_MUTANTS.find(each => each.name === name);
if (mutant?.plant === undefined) throw new Error(`there is no bug '${name}' to plant`);
mutant.plant();
