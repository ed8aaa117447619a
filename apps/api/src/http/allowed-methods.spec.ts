import { expect, it } from 'vitest';
import { AllowedMethods } from './allowed-methods.js';

type OnRoute = (route: { method: string | string[]; url: string }) => void;

it('knows the methods of a path, parameters and rests included', () => {
  let onRoute: OnRoute = () => undefined;
  const allowed = new AllowedMethods({
    addHook: ((_name: string, hook: OnRoute) => (onRoute = hook)) as never,
  });
  onRoute({ method: 'POST', url: '/v1/tasks/video' });
  onRoute({ method: ['GET', 'HEAD'], url: '/v1/tasks/:id/status' });
  onRoute({ method: 'DELETE', url: '/v1/tasks/:id' });
  onRoute({ method: 'GET', url: '/v1/files/*' });
  expect(allowed.of('/v1/tasks/video/')).toEqual(['DELETE', 'POST']);
  expect(allowed.of('/v1/tasks/x/status')).toEqual(['GET', 'HEAD']);
  expect(allowed.of('/v1/files/a/b')).toEqual(['GET']);
  expect(allowed.of('/v1/tasks')).toEqual([]);
  expect(allowed.of('/v1/tasks/a/b')).toEqual([]);
});
