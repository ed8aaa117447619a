/** Where the bucket is and who we are there. */
export interface S3ObjectStoreSettings {
  /** As our own processes reach the server: `http(s)://host[:port]`. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** True: the bucket is the first part of the path; false: part of the host name. */
  readonly forcePathStyle: boolean;
  /** As clients reach the server; stands in public links. Absent: the same as `endpoint`. */
  readonly publicEndpoint?: string;
}
