/** Muster's server, for programs and for `muster.config.ts`. */
export { type Config, type ConfigInput, defineConfig } from './config.ts'
