/**
 * A value as a few words for an error sentence: its kind and as much of it as helps to recognise it. Never throws and
 * never runs code of the value (no `toString`, no `toJSON`, no getters), because it describes what was refused.
 */

const SHOWN_CHARACTERS = 40;

/** For example `the number 5`, `the text "amx"`, `an array of 3`, `a Map`, `undefined`. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case 'undefined':
      return 'undefined';
    case 'string':
      return `the text ${JSON.stringify(shortened(value))}`;
    case 'number':
      return `the number ${Object.is(value, -0) ? '-0' : value}`;
    case 'bigint':
      return `the bigint ${shortened(String(value))}n`;
    case 'boolean':
      return String(value);
    case 'symbol':
      return 'a symbol';
    case 'function':
      return `the function or class ${describeClass(value)}`;
    case 'object':
      return value === null ? 'null' : describeObject(value);
  }
}

/** The name of a class or function, or `(anonymous)`. */
export function describeClass(value: object): string {
  const name: unknown = Object.getOwnPropertyDescriptor(value, 'name')?.value;
  return typeof name === 'string' && name !== '' ? shortened(name) : '(anonymous)';
}

function describeObject(value: object): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === null || prototype === Object.prototype) return 'a plain object';
  const maker: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  return typeof maker === 'function' ? `an instance of ${describeClass(maker)}` : 'an object';
}

function shortened(text: string): string {
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}…`;
}
