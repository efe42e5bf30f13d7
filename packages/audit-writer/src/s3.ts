import { DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ObjectStorage } from './object-storage.ts';

type Bucket = { readonly client: S3Client; readonly bucket: string; readonly prefix: string };

/**
 * Returns an {@link ObjectStorage} in a bucket, under a prefix of this application's own, encrypted by the server. The client is the application's: its region,
 * credentials, timeouts.
 */
export function storeInS3({ client, bucket: Bucket, prefix }: Bucket): ObjectStorage {
  const under = `${prefix.replace(/\/+$/, '')}/`;
  return {
    put: async (key, content) => {
      const object = { Bucket, Key: `${under}${key}`, Body: content, ContentType: 'application/x-ndjson' };
      await client.send(new PutObjectCommand({ ...object, ServerSideEncryption: 'AES256', ChecksumAlgorithm: 'SHA256' }));
    },
    list: async () => {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: under }));
      return Contents.flatMap(({ Key }) => (Key === undefined ? [] : [Key.slice(under.length)]));
    },
    get: async (key) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: `${under}${key}` }));
      return (await Body?.transformToString()) ?? '';
    },
    remove: async (key) => {
      await client.send(new DeleteObjectCommand({ Bucket, Key: `${under}${key}` }));
    },
  };
}
