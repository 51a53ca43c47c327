// Compiles TypeScript given on standard input as {name: source} with strict settings, in memory;
// prints the complaints as {file, line, message}.
import { readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";

const sources = JSON.parse(readFileSync(0, "utf8"));
const options = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  exactOptionalPropertyTypes: true,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  types: [],
};
const files = Object.fromEntries(
  Object.entries(sources).map(([name, text]) => [path.join(import.meta.dirname, name), text]),
);
const host = ts.createCompilerHost(options);
const { fileExists, readFile, getSourceFile } = host;
host.fileExists = (name) => name in files || fileExists.call(host, name);
host.readFile = (name) => files[name] ?? readFile.call(host, name);
host.getSourceFile = (name, target, ...rest) =>
  name in files ? ts.createSourceFile(name, files[name], target) : getSourceFile.call(host, name, target, ...rest);

const program = ts.createProgram(Object.keys(files), options, host);
const complaints = ts.getPreEmitDiagnostics(program).map((found) => ({
  file: found.file ? path.basename(found.file.fileName) : "",
  line: found.file ? found.file.getLineAndCharacterOfPosition(found.start).line + 1 : 0,
  message: ts.flattenDiagnosticMessageText(found.messageText, "\n"),
}));
console.log(JSON.stringify(complaints));
