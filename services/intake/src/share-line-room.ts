/*
  What all streams of lines together keep in memory: lines that wait for their piece to be full, and rejected ones that the answer
  will name. While there is no room, small pieces are stored, and what is rejected is counted and not named. A line that is kept
  costs a kilobyte and a half at most.
*/

export interface LineRoom {
  readonly isFull: () => boolean;
  readonly enter: () => void;
  readonly leave: (lines: number) => void;
}

export interface LineRooms {
  readonly waiting: LineRoom;
  readonly named: LineRoom;
}

/** Of each kind. */
export const ROOM_LINES_MAX = 16_000;

export function shareLineRooms(linesMax: number): LineRooms {
  return { waiting: openRoom(linesMax), named: openRoom(linesMax) };
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
