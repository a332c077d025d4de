/** A run's string table: bytes as they came, decoded and made fit to be shown when somebody looks. */

import { printable } from "./format";

const decoder = new TextDecoder();

export class StringTable {
  #blob = new Uint8Array(1024);
  #ends = new Uint32Array(256);
  #decoded: (string | undefined)[] = [];
  #count = 0;
  /** Grows when the table was cleared: what was learnt of its strings no longer holds. */
  generation = 0;

  /** How many strings there are. */
  get count(): number {
    return this.#count;
  }

  clear(): void {
    this.#count = 0;
    this.#decoded = [];
    this.generation++;
  }

  /** Puts `offsets.length - 1` strings at `base`, which is where the table ends. Says whether it fitted. */
  append(base: number, offsets: Uint32Array, blob: Uint8Array): boolean {
    if (base !== this.#count) return false;
    const added = offsets.length - 1;
    const start = this.#count === 0 ? 0 : this.#ends[this.#count - 1];
    this.#blob = grown(this.#blob, start + offsets[added]);
    this.#blob.set(blob.subarray(0, offsets[added]), start);
    this.#ends = grown(this.#ends, this.#count + added);
    for (let i = 0; i < added; i++) this.#ends[this.#count + i] = start + offsets[i + 1];
    this.#count += added;
    return true;
  }

  /** String number `index`, "" where there is none. */
  get(index: number): string {
    if (index <= 0 || index >= this.#count) return "";
    const known = this.#decoded[index];
    if (known !== undefined) return known;
    const text = printable(decoder.decode(this.#blob.subarray(this.#ends[index - 1], this.#ends[index])));
    this.#decoded[index] = text;
    return text;
  }
}

type Growable = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;

/** `array`, or a copy with at least twice the room where it is shorter than `length`. */
export function grown<T extends Growable>(array: T, length: number): T {
  if (length <= array.length) return array;
  const Type = array.constructor as new (length: number) => T;
  const bigger = new Type(Math.max(length, array.length * 2));
  bigger.set(array as never);
  return bigger;
}
