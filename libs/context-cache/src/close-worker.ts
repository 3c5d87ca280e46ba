import type { Worker } from 'bullmq';
import type { RedisConnection } from './redis-connection.js';

/**
 * Ends a worker of BullMQ: waits for what it runs. While Redis is unavailable it waits for nothing, since what it waits for
 * could only come from there; another replica runs the job again.
 */
export async function closeWorker(worker: Worker, redis: RedisConnection): Promise<void> {
  await worker.close(redis.status !== 'ready');
}
