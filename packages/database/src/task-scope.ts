import type { TaskScope } from '@polyreel/core';
import { Prisma } from './generated/client.js';
import { storableText } from './storable.js';

/** Condition on a task named `t`. Every read and write of a client carries it. */
export function inScope(scope: TaskScope): Prisma.Sql {
  const endpoint =
    scope.endpoint === undefined
      ? Prisma.empty
      : Prisma.sql`AND t.endpoint = ${storableText(scope.endpoint)}`;
  return Prisma.sql`t.tenant = ${storableText(scope.tenant)} AND t.dialect = ${scope.dialect} ${endpoint}`;
}

/** The same for one task of the scope. */
export function withPublicId(scope: TaskScope, publicId: string): Prisma.Sql {
  return Prisma.sql`${inScope(scope)} AND t.public_id = ${storableText(publicId)}`;
}
