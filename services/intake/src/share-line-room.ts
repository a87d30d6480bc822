/*
  What all streams of lines share. Memory: lines that wait for their piece to be full, and rejected ones that the answer will name;
  while there is no room, small pieces are stored, and what is rejected is counted and not named. A line that is kept costs a
  kilobyte and a half at most. Time: of each turn of the event loop they have some lines' worth together, so that nobody else
  waits longer for many streams than for one.
*/

export interface LineRoom {
  readonly isFull: () => boolean;
  readonly enter: () => void;
  readonly leave: (lines: number) => void;
}

export interface LineRooms {
  readonly waiting: LineRoom;
  readonly named: LineRoom;
  /** Asked once a line. */
  readonly isTurnOver: () => boolean;
  readonly nextTurn: () => Promise<void>;
}

/** A line that is refused takes 5 to 10 µs. */
const TURN_LINES_MAX = 1000;
/** Of each kind. */
export const ROOM_LINES_MAX = 16_000;

export function shareLineRooms(linesMax: number): LineRooms {
  let lines = 0;
  let next: Promise<void> | null = null;
  const begin = (resolve: () => void) =>
    setImmediate(() => {
      lines = 0;
      next = null;
      resolve();
    });
  return {
    waiting: openRoom(linesMax),
    named: openRoom(linesMax),
    isTurnOver: () => ++lines >= TURN_LINES_MAX,
    nextTurn: () => {
      next ??= new Promise(begin);
      return next;
    },
  };
}

function openRoom(linesMax: number): LineRoom {
  let lines = 0;
  return {
    isFull: () => lines >= linesMax,
    enter: () => {
      lines++;
    },
    leave: (fewer) => {
      lines -= fewer;
    },
  };
}
