/** The Redis that `*.redis.test.ts` run on. Where none is named they are left out, but never unnoticed where everything
 *  is to be checked. */
export function testRedisUrl(): string | undefined {
  const url = process.env.MUSTER_TEST_REDIS_URL
  if (url === undefined && process.env.CI === 'true') {
    throw new Error('MUSTER_TEST_REDIS_URL must name a Redis server, redis://host:port, that the tests may empty.')
  }
  return url
}
