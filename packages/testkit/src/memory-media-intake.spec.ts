import { TaskError } from '@polyreel/core';
import { expect, it } from 'vitest';
import { mediaIntakeContract } from './contracts/media-intake-contract.js';
import { samplePng } from './media-samples.js';
import { MemoryMediaIntake } from './memory-media-intake.js';

mediaIntakeContract(() => {
  const maxBytes = 65_536;
  const intake = new MemoryMediaIntake({ maxBytes });
  let served = 0;
  const serve = (content: Uint8Array): string => {
    const url = `https://files.example.com/${served++}`;
    intake.serve(url, content);
    return url;
  };
  return { intake, serve, maxBytes };
});

it('plays scripted failures in order, then works again, and counts what is held', async () => {
  const intake = new MemoryMediaIntake();
  intake.failNext(new TaskError('INPUT_UNREACHABLE'));
  const source = { type: 'base64', text: samplePng().toString('base64') } as const;
  await expect(intake.receive('image', 'image', source)).rejects.toMatchObject({ code: 'INPUT_UNREACHABLE' });
  intake.probeAs('image/png', { width: 4096, height: 4096 });
  const media = await intake.receive('image', 'image', source);
  expect(media.facts.width).toBe(4096);
  expect(intake.undiscarded).toBe(1);
  await media.discard();
  expect(intake.undiscarded).toBe(0);
});
