import { parentPort, workerData } from 'node:worker_threads'
import { keepIndexes } from './index-keeper.ts'
import type { ThreadRules } from './index-messages.ts'

/** The whole of a thread that keeps the indexes of large queues, so that passes over them hold up nobody else. */
if (parentPort !== null) keepIndexes(parentPort, new Map((workerData as ThreadRules).rules))
