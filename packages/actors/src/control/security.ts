/** How members know each other from strangers, and keep strangers from listening. Certificates and keys are PEM text. */
export type SecureOptions =
  /** Not at all: for the loopback interface, and for networks that nobody else can reach. */
  | { readonly kind: 'none' }
  /** By a text that all members know, and nobody else. */
  | { readonly kind: 'secret'; readonly secret: string }
  /** By certificates of one authority, the only one that is trusted; each side shows its own. */
  | {
      readonly kind: 'certificates';
      readonly cert: string | Buffer;
      readonly key: string | Buffer;
      readonly ca: string | Buffer;
    };
