export { type Board, type BoardAnswer, type BoardOptions, openBoard } from './open-board.ts';
export { openWakeups, type Wakeups, type WakeupsOptions } from './open-wakeups.ts';
export { DRAIN_QUEUE, SWEEP_QUEUE } from './queues.ts';
export { type Drains, type DrainsOptions, startDrains } from './start-drains.ts';
