// valid.cjs NPM SCHEMA-FOLDER NAME FILE [lines]: prints the errors that the schema NAME finds in the JSON file, or against each line of it
const [npm, folder, name, file, lines] = process.argv.slice(2), fs = require("fs");
const Ajv = require(npm + "/ajv").default ?? require(npm + "/ajv");
const ajv = new Ajv({ strict: false, allowUnionTypes: true, allErrors: true });
const read = (n) => JSON.parse(fs.readFileSync(`${folder}/${n}`));
ajv.addSchema(read("vt-run.schema.json"), "vt-run.schema.json");
const validate = name === "vt-run.schema.json" ? ajv.getSchema(name) : ajv.compile(read(name));
const text = fs.readFileSync(file, "utf8");
for (const one of lines ? text.split("\n").filter(Boolean) : [text])
  if (!validate(JSON.parse(one))) console.log(one, JSON.stringify(validate.errors));
