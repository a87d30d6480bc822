/** The manual clock of a simulation: things to happen, taken out in the order of their time (a binary heap; equals in order of entry). */
export interface Timeline<T> {
  readonly add: (at: number, thing: T) => void;
  readonly next: () => { readonly at: number; readonly thing: T } | null;
}

interface Entry<T> {
  readonly at: number;
  readonly order: number;
  readonly thing: T;
}

export function openTimeline<T>(): Timeline<T> {
  const heap: Entry<T>[] = [];
  let order = 0;
  return {
    add(at, thing) {
      heap.push({ at, order: order++, thing });
      siftUp(heap);
    },
    next() {
      const first = heap[0];
      const last = heap.pop();
      if (first === undefined || last === undefined) return null;
      if (heap.length > 0) {
        heap[0] = last;
        siftDown(heap);
      }
      return first;
    },
  };
}

function isEarlier<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function siftUp<T>(heap: Entry<T>[]): void {
  let child = heap.length - 1;
  while (child > 0) {
    const parent = (child - 1) >> 1;
    if (!isEarlier(heap[child]!, heap[parent]!)) return;
    [heap[child], heap[parent]] = [heap[parent]!, heap[child]!];
    child = parent;
  }
}

function siftDown<T>(heap: Entry<T>[]): void {
  let parent = 0;
  for (;;) {
    const left = 2 * parent + 1;
    if (left >= heap.length) return;
    const right = left + 1;
    const child = right < heap.length && isEarlier(heap[right]!, heap[left]!) ? right : left;
    if (!isEarlier(heap[child]!, heap[parent]!)) return;
    [heap[child], heap[parent]] = [heap[parent]!, heap[child]!];
    parent = child;
  }
}
