import { seedsSuite } from './seeds-suite.ts'

seedsSuite(0)
