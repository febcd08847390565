import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { type Answer, ASK_MS } from './definition.ts';

/** An S3 server answers when it lists buckets for the key that it was given: its address then. */
export async function askS3(
  address: Required<Pick<Answer, 'url' | 'version' | 'accessKey' | 'secretKey'>>,
): Promise<Answer> {
  const client = new S3Client({
    endpoint: address.url,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: address.accessKey, secretAccessKey: address.secretKey },
  });
  try {
    await client.send(new ListBucketsCommand({}), { abortSignal: AbortSignal.timeout(ASK_MS) });
    return address;
  } finally {
    client.destroy();
  }
}
