/**
 * Part is what of an explored group changes as a whole: its image and its hash are made when they are asked for, and kept
 * until it changes.
 */
import { Image } from './image.js';
import type { Digest64 } from './state-hash.js';

export class Part {
  private image: Image | undefined;
  private digest: Digest64 | undefined;

  /**
   * @param values classes whose instances images keep by reference
   * @param hash of what it is now
   */
  constructor(
    private readonly roots: readonly object[],
    private readonly values: ReadonlySet<unknown>,
    private readonly hash: () => Digest64,
  ) {}

  /** What is known of it holds no more. */
  changed(): void {
    this.image = undefined;
    this.digest = undefined;
  }

  save(): Image {
    return (this.image ??= new Image(this.roots, this.values));
  }

  restore(image: Image): void {
    if (this.image === image) return;
    image.restore();
    this.image = image;
    this.digest = undefined;
  }

  get state(): Digest64 {
    return (this.digest ??= this.hash());
  }
}
