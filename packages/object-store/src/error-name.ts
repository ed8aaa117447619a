import { S3ServiceException } from '@aws-sdk/client-s3';

/** Name of the error the server sent, such as `NoSuchKey`; undefined when it is not one of the server's. */
export function errorName(error: unknown): string | undefined {
  return error instanceof S3ServiceException ? error.name : undefined;
}

/** HTTP status of the server's error; undefined when it did not answer. */
export function errorStatus(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}
