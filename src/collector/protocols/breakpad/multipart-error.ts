/** The body does not follow the multipart grammar; the message has no client data. */
export class MultipartError extends Error {
  override readonly name = 'MultipartError';
}
