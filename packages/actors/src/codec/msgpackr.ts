/**
 * The door to msgpackr, by its part without native acceleration (`msgpackr/pack`), so that a message costs the same
 * everywhere. The package's front door switches acceleration on whenever a module called `msgpackr-extract` can be loaded;
 * in this repository that is an empty one (docs/dependencies.md), and then every message that holds a text of 32 bytes
 * or more costs an exception inside, some 11 us instead of 0.4.
 *
 * The part's own type declarations cannot be resolved under NodeNext; the front door's describe the same functions.
 */
import type * as Msgpackr from 'msgpackr';
import * as withoutNative from 'msgpackr/pack';

export const { Packr, addExtension, RESET_BUFFER_MODE } = withoutNative as unknown as typeof Msgpackr;
