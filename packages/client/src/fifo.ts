/** First in, first out, without moving everything at each shift. */
export class Fifo<T> {
  #values: (T | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#values.length - this.#head;
  }

  push(value: T): void {
    this.#values.push(value);
  }

  peek(): T | undefined {
    return this.#values[this.#head];
  }

  shift(): T | undefined {
    const value = this.#values[this.#head];
    if (this.length === 0) return undefined;
    this.#values[this.#head] = undefined;
    this.#head++;
    if (this.#head >= COMPACT_FROM && this.#head * 2 >= this.#values.length) {
      this.#values = this.#values.slice(this.#head);
      this.#head = 0;
    }
    return value;
  }
}

const COMPACT_FROM = 1024;
