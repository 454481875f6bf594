import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

// Adds up what the test runs wrote. A step that failed without a failed test to show for it counts as one.
const [folder, steps] = process.argv.slice(2)
let passed = 0
let failed = 0
for (const name of readdirSync(folder)) {
  const report = JSON.parse(readFileSync(join(folder, name), 'utf8'))
  passed += report.numPassedTests
  failed += report.numFailedTests
  // Said again at the end, with the reason, where whoever reads only the end finds it.
  for (const file of report.testResults) {
    for (const one of file.assertionResults.filter(({ status }) => status === 'failed')) {
      console.log(`!! ${file.name}: ${one.fullName}`)
      console.log(one.failureMessages.join('\n').split('\n').slice(0, 12).join('\n'))
    }
  }
}
failed = Math.max(failed, Number(steps))
console.log(`\n${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1
