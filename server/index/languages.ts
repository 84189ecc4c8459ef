// Which grammar reads which file, and the query that finds its definitions. In a pattern
// `@name` is the name, the other capture the whole definition and its kind; `@value` is what
// a variable is set to and may turn it into a function or a class.

export interface Language {
  /** Name of the grammar's file: `tree-sitter-<grammar>.wasm`. */
  grammar: string;
  query: string;
}

/**
 * Entries of objects that a file sets up at its top level, such as tables of errors, symbols or
 * defaults: what other files name is defined there. `wrapped`: what stands around the object.
 */
function entriesOf(wrapped: '' | 'as_expression' | 'satisfies_expression'): string {
  const entry = '(object (pair key: (property_identifier) @name value: (_) @value) @property)';
  const frozen = `(call_expression arguments: (arguments ${entry}))`;
  const value = wrapped === '' ? `[${entry} ${frozen}]` : `(${wrapped} [${entry} ${frozen}])`;
  const declared = `(variable_declarator value: ${value})`;
  return `
(program (lexical_declaration ${declared}))
(program (variable_declaration ${declared}))
(program (export_statement (lexical_declaration ${declared})))
(program (expression_statement (assignment_expression right: ${value})))
`;
}

const SCRIPT_QUERY = `
(function_declaration name: (_) @name) @function
(generator_function_declaration name: (_) @name) @function
(class_declaration name: (_) @name) @class
(method_definition name: (_) @name) @method
(pair key: (property_identifier) @name value: [(arrow_function) (function_expression)]) @method
(program (lexical_declaration (variable_declarator name: (identifier) @name value: (_)? @value)) @variable)
(program (variable_declaration (variable_declarator name: (identifier) @name value: (_)? @value)) @variable)
(program (export_statement (lexical_declaration (variable_declarator name: (identifier) @name value: (_)? @value))) @variable)
(program (expression_statement (assignment_expression left: (member_expression) @name right: (_) @value)) @variable)
(program (expression_statement (assignment_expression left: (member_expression)
  right: (assignment_expression left: (member_expression) @name right: (_) @value))) @variable)
(program (export_statement value: (_) @value) @module)
${entriesOf('')}
`;

const FIELD_QUERY = `
(field_definition property: (_) @name value: (arrow_function)) @method
`;

const TYPED_QUERY = `
(public_field_definition name: (_) @name value: (arrow_function)) @method
(abstract_class_declaration name: (_) @name) @class
(interface_declaration name: (_) @name) @interface
(type_alias_declaration name: (_) @name) @type
(enum_declaration name: (_) @name) @enum
(function_signature name: (_) @name) @function
(abstract_method_signature name: (_) @name) @method
(internal_module name: (_) @name) @module
(program (ambient_declaration (lexical_declaration (variable_declarator name: (identifier) @name))) @variable)
${entriesOf('as_expression')}
${entriesOf('satisfies_expression')}
`;

const QUERIES: Record<string, string> = {
  javascript: SCRIPT_QUERY + FIELD_QUERY,
  typescript: SCRIPT_QUERY + TYPED_QUERY,
  tsx: SCRIPT_QUERY + TYPED_QUERY,
  python: `
(function_definition name: (_) @name) @function
(class_definition name: (_) @name) @class
(module (expression_statement (assignment left: (identifier) @name)) @variable)
(class_definition body: (block (expression_statement (assignment left: (identifier) @name)) @variable))
`,
  go: `
(function_declaration name: (_) @name) @function
(method_declaration name: (_) @name) @method
(type_spec name: (_) @name type: (struct_type)) @class
(type_spec name: (_) @name type: (interface_type)) @interface
(type_spec name: (_) @name) @type
(source_file (const_declaration (const_spec name: (identifier) @name) @variable))
(source_file (var_declaration (var_spec name: (identifier) @name) @variable))
`,
  rust: `
(function_item name: (_) @name) @function
(function_signature_item name: (_) @name) @function
(struct_item name: (_) @name) @class
(union_item name: (_) @name) @class
(enum_item name: (_) @name) @enum
(trait_item name: (_) @name) @interface
(impl_item type: (_) @name) @class
(type_item name: (_) @name) @type
(mod_item name: (_) @name) @module
(const_item name: (_) @name) @variable
(static_item name: (_) @name) @variable
(macro_definition name: (_) @name) @function
`,
  java: `
(class_declaration name: (_) @name) @class
(record_declaration name: (_) @name) @class
(interface_declaration name: (_) @name) @interface
(annotation_type_declaration name: (_) @name) @interface
(enum_declaration name: (_) @name) @enum
(method_declaration name: (_) @name) @method
(constructor_declaration name: (_) @name) @method
(field_declaration (variable_declarator name: (_) @name)) @variable
`,
  cpp: `
(function_definition declarator: (function_declarator declarator: (_) @name)) @function
(function_definition declarator: (_ (function_declarator declarator: (_) @name))) @function
(declaration declarator: (function_declarator declarator: (_) @name)) @function
(field_declaration declarator: (function_declarator declarator: (_) @name)) @method
(class_specifier name: (_) @name body: (_)) @class
(struct_specifier name: (_) @name body: (_)) @class
(union_specifier name: (_) @name body: (_)) @class
(enum_specifier name: (_) @name body: (_)) @enum
(type_definition declarator: (type_identifier) @name) @type
(alias_declaration name: (_) @name) @type
(namespace_definition name: (_) @name) @module
(preproc_def name: (_) @name) @variable
(preproc_function_def name: (_) @name) @function
(translation_unit (declaration declarator: (init_declarator declarator: (identifier) @name)) @variable)
`,
  'c-sharp': `
(class_declaration name: (_) @name) @class
(struct_declaration name: (_) @name) @class
(record_declaration name: (_) @name) @class
(interface_declaration name: (_) @name) @interface
(enum_declaration name: (_) @name) @enum
(method_declaration name: (_) @name) @method
(constructor_declaration name: (_) @name) @method
(property_declaration name: (_) @name) @variable
(delegate_declaration name: (_) @name) @type
(field_declaration (variable_declaration (variable_declarator name: (_) @name))) @variable
`,
  ruby: `
(class name: (_) @name) @class
(module name: (_) @name) @module
(method name: (_) @name) @method
(singleton_method name: (_) @name) @method
(assignment left: (constant) @name) @variable
`,
  php: `
(function_definition name: (_) @name) @function
(class_declaration name: (_) @name) @class
(trait_declaration name: (_) @name) @class
(interface_declaration name: (_) @name) @interface
(enum_declaration name: (_) @name) @enum
(method_declaration name: (_) @name) @method
(const_element (name) @name) @variable
`,
  bash: `
(function_definition name: (_) @name) @function
`,
};

const ENDINGS: Record<string, string> = {
  javascript: 'js mjs cjs jsx',
  typescript: 'ts mts cts',
  tsx: 'tsx',
  python: 'py pyi',
  go: 'go',
  rust: 'rs',
  java: 'java',
  cpp: 'c h cc cpp cxx hh hpp hxx inl cu cuh',
  'c-sharp': 'cs',
  ruby: 'rb rake gemspec',
  php: 'php',
  bash: 'sh bash',
};

const GRAMMAR_BY_ENDING = new Map(
  Object.entries(ENDINGS).flatMap(([grammar, endings]) =>
    endings.split(' ').map((ending) => [ending, grammar] as const),
  ),
);

/** The language of a path, where there is a grammar for it. */
export function languageOf(path: string): Language | undefined {
  const grammar = GRAMMAR_BY_ENDING.get(path.slice(path.lastIndexOf('.') + 1).toLowerCase());
  const query = grammar === undefined ? undefined : QUERIES[grammar];
  return grammar !== undefined && query !== undefined ? { grammar, query } : undefined;
}
