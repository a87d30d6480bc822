/* One BullMQ job for each activity: `add` for one, `addBulk` (one pipeline) for more. Argument: the URL of Redis. */
import { bulkOf, openBullmq, QUEUE } from './bullmq.ts';
import { serveBaseline } from './serve-baseline.ts';

const { queue } = await openBullmq(process.argv[2]!);

await serveBaseline('bullmq-intake', async (connectionId, accepted) => {
  if (accepted.length === 1) {
    const { itemId, activity } = accepted[0]!;
    await queue.add(QUEUE, { connectionId, itemId, activity });
    return;
  }
  await queue.addBulk(bulkOf(connectionId, accepted));
});
