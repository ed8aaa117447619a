import 'reflect-metadata';
import { copyPlaceOf, SecretBox, secretsOwner } from '@polyreel/core';
import { describe, expect, it } from 'vitest';
import { contextOf, publicId, refusalOf, sealingKey } from '../../../test/runpod-requests.js';
import { fromJobRequest } from './runpod.inbound.js';

describe('s3Config', () => {
  const s3Config = {
    accessId: 'AKIA',
    accessSecret: 'hunter2',
    bucketName: 'mine',
    endpointUrl: 'https://s3.example',
  };
  const withCopy = (over: object = {}, context = contextOf()) =>
    fromJobRequest({ input: { network_volume: true }, s3Config: { ...s3Config, ...over } }, context);

  it('is remembered as a place in clear and credentials nobody can read', () => {
    const submission = withCopy();
    expect(submission.extras).toEqual({
      network_volume: true,
      copy_to: { endpoint: 'https://s3.example', bucket: 'mine', key: '' },
    });
    expect(JSON.stringify(submission)).not.toMatch(/AKIA|hunter2/);
    const opened = new SecretBox([sealingKey]).open(
      submission.sealedSecrets!,
      secretsOwner('acme', publicId),
    );
    expect(JSON.parse(opened!)).toEqual({ accessKeyId: 'AKIA', secretAccessKey: 'hunter2' });
  });

  it.each([
    ['videos/', `videos/${publicId}.mp4`],
    ['/videos/a.mp4', 'videos/a.mp4'],
    ['', `${publicId}.mp4`],
    ['/', `${publicId}.mp4`],
  ])('with the path %j names the copy %s', (objectPath, key) => {
    expect(copyPlaceOf(withCopy({ objectPath }))).toMatchObject({ key });
  });

  it.each([
    [{ accessId: undefined }, 'accessId'],
    [{ accessSecret: 7 }, 'accessSecret'],
    [{ accessSecret: '' }, 'accessSecret'],
    [{ bucketName: 'My_Bucket' }, 'bucketName'],
    [{ bucketName: '../x' }, 'bucketName'],
    [{ endpointUrl: 'ftp://s3.example' }, 'endpointUrl'],
    [{ endpointUrl: 'https://s3.example/mine' }, 'endpointUrl'],
    [{ endpointUrl: 'https://a:b@s3.example' }, 'endpointUrl'],
    [{ endpointUrl: 's3.example' }, 'endpointUrl'],
    [{ objectPath: 'a/../b' }, 'objectPath'],
    [{ objectPath: 'a\nb' }, 'objectPath'],
  ])('is refused with %j, without telling the secret', (over, field) => {
    const refusal = refusalOf({ input: {}, s3Config: { ...s3Config, ...over } });
    expect(refusal).toContain(field);
    expect(refusal).not.toMatch(/AKIA|hunter2/);
  });

  it('is refused by servers without a key for it, and as anything but an object', () => {
    const context = { ...contextOf(), secrets: new SecretBox([]) };
    expect(() => withCopy({}, context)).toThrow(/SECRETS_KEY.*output\.video_url/);
    expect(refusalOf({ input: {}, s3Config: 'mine' })).toContain('s3Config');
    expect(refusalOf({ input: {}, s3Config: [] })).toContain('s3Config');
    expect(fromJobRequest({ input: {}, s3Config: null }, context)).toMatchObject({ extras: {} });
  });
});
