import { hasRedis } from '../chaos/cluster/stores.ts'

/** Where no Redis is installed its tests are left out, but never unnoticed where everything is to be checked. */
export function redisIsThere(): boolean {
  if (!hasRedis && process.env.CI === 'true')
    throw new Error('redis-server must be installed for the tests of several nodes.')
  return hasRedis
}
