import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { join } from 'node:path';

// Preloaded into a process that is measured. The first SIGUSR2 starts both profilers, the next one ends and writes them.
const folder = process.env.BENCH_PROFILE_FOLDER ?? '.';
let session: Session | undefined;

process.on('SIGUSR2', async () => {
  if (session === undefined) {
    session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: 250 });
    await session.post('Profiler.start');
    await session.post('HeapProfiler.startSampling', {
      samplingInterval: 32_768,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    } as never);
    return;
  }
  const ending = session;
  session = undefined;
  const { profile: cpu } = await ending.post('Profiler.stop');
  const { profile: heap } = await ending.post('HeapProfiler.stopSampling');
  ending.disconnect();
  writeFileSync(join(folder, 'heap.json'), JSON.stringify(heap));
  writeFileSync(join(folder, 'cpu.json'), JSON.stringify(cpu));
});
