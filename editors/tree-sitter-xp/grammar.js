/**
 * Tree-sitter grammar of xp workflows. `lang/xp-syntax/src/xp.pest` is the grammar that counts: tests in `editors/check` hold the
 * words equal to the word table of `xp-syntax`, and read every `.xp` file of the repository with this one.
 */

// Words that cannot be names. They may stand after a dot and before a colon.
const RESERVED = [
  "after", "agent", "and", "any", "as", "auto", "by", "connector", "content", "end", "false", "finish", "guard", "human", "if", "may", "max",
  "not", "of", "once", "one", "only", "or", "outcome", "prove", "reopen", "separate", "step", "submit", "then", "true", "use",
  "vacuous", "when", "within", "with", "workflow",
];

const list = (item) => seq(item, repeat(seq(",", item)));
const closed_list = (item) => optional(seq(list(item), optional(",")));

module.exports = grammar({
  name: "xp",

  word: ($) => $.identifier,
  reserved: { global: () => RESERVED },
  extras: ($) => [/[ \t\r\n]/, $.doc_comment, $.comment],
  conflicts: ($) => [[$.formula], [$.submission]],

  rules: {
    file: ($) => repeat(choice($.use, $.connector, $.workflow)),

    doc_comment: () => token(prec(1, /\/\/\/([^\/\n][^\n]*)?/)),
    comment: () => token(/\/\/[^\n]*/),

    identifier: () => /[A-Za-z_][A-Za-z0-9_]*/,
    _word: ($) => choice($.identifier, ...RESERVED.map((word) => alias(word, $.identifier))),
    path: ($) => seq($.identifier, repeat(seq(".", $._word))),

    string: ($) => seq('"', repeat(choice($.escape, $.interpolation, $._text)), token.immediate('"')),
    escape: () => token.immediate(/\\.|\{\{|\}\}/),
    interpolation: () => token.immediate(prec(1, /\{[A-Za-z_][A-Za-z0-9_.]*\}/)),
    _text: () => token.immediate(/[^"\\{}\n]+|[{}]/),
    number: () => /-?[0-9]+(\.[0-9]+)?/,
    duration: () => /[0-9]+[smhd]/,
    boolean: () => choice("true", "false"),

    // ---- types and values
    _type: ($) => choice($.list_type, $.optional_type, $.decimal_type, $.record_type, $.enum_type, $.named_type),
    list_type: ($) => seq(choice("list", "set"), "of", $._type),
    optional_type: ($) => seq("optional", $._type),
    decimal_type: ($) => seq("decimal", "(", $.number, ")", optional(field("unit", $.identifier))),
    record_type: ($) => seq("{", closed_list($.field), "}"),
    field: ($) => seq(field("name", $._word), ":", field("type", $._type)),
    enum_type: ($) => prec.right(seq($._word, repeat1(seq("|", $._word)))),
    named_type: ($) => prec.right($.path),

    _value: ($) => choice($.string, $.amount, $.number, $.duration, $.boolean, $.datum),
    amount: ($) => seq($.number, field("unit", $.identifier)),
    datum: ($) => prec.right($.path),
    patterns: ($) => seq("[", list($.string), optional(","), "]"),

    _pin: ($) => choice($.one_of, $.within, $.content, $.any, $._value),
    one_of: ($) => seq("one", "of", $.datum, optional($.within)),
    within: ($) => seq("within", $.patterns),
    content: ($) => seq("content", optional($.max)),
    any: () => "any",
    max: ($) => seq("max", $.number),

    // ---- formulas and conditions
    formula: ($) => seq($._formula_term, repeat(seq(choice("and", "or"), $._formula_term))),
    _formula_term: ($) => choice(seq("(", $.formula, ")"), $.comparison, $.atom),
    atom: ($) => prec.right(seq(field("step", $.identifier), optional(seq(".", field("outcome", $._word))))),
    condition: ($) => prec.right(seq($._condition_term, repeat(seq(choice("and", "or"), $._condition_term)))),
    _condition_term: ($) => choice(seq("(", $.condition, ")"), seq("not", $._condition_term), $.comparison, $.datum),
    comparison: ($) => seq($.datum, choice("<", "<=", ">", ">=", seq("is", optional("not"))), $._value),

    // ---- files and connectors
    use: ($) => prec.right(seq("use", $.path)),
    connector: ($) =>
      seq("connector", field("name", $.identifier), "{", repeat(choice($.resource, $.type, $.action)), "}"),
    type: ($) => seq("type", field("name", $.identifier), "{", closed_list($.field), "}"),
    action: ($) =>
      seq(
        "action", field("name", $.path), "(", closed_list($.action_parameter), ")",
        optional(seq("->", field("result", $._type))),
        "{", repeat($._clause), "}",
      ),
    action_parameter: ($) =>
      seq(field("name", $._word), ":", field("type", $._type), optional(seq("=", field("default", $._value)))),
    _clause: ($) =>
      choice(
        $.effect, $.irreversible, $.reveals, $.publishes, $.attests, $.shows, $.repeat, $.about, $.changes, $.reads, $.makes,
        $.removes, $.final, $.expects, $.version, $.measured, $.result_clause, $.http, $.mcp,
      ),
    effect: ($) => seq("effect", $.identifier),
    irreversible: () => "irreversible",
    reveals: ($) => seq("reveals", list($._word)),
    publishes: () => "publishes",
    attests: () => "attests",
    shows: ($) => seq("shows", list($._word)),
    repeat: ($) => seq("repeat", $._word),
    about: ($) => seq("about", list($._thing)),
    changes: ($) => seq("changes", $._things, optional(seq("from", $._sources))),
    reads: ($) => seq("reads", $._things),
    makes: ($) => seq("makes", $._thing, optional($.valid_while), optional(seq("from", $._sources))),
    valid_while: ($) => seq("valid", "while", list($._thing)),
    removes: ($) => seq("removes", list($._thing)),
    final: ($) => seq("final", list($._word)),
    expects: ($) => seq("expects", $._thing, optional(seq("at", $._source)), optional($.reports)),
    reports: ($) => seq("or", "reports", $._word),
    version: ($) => seq("version", "of", $._thing, "is", choice($.result, $.datum)),
    measured: ($) => seq("measured", "by", $._sources),
    result_clause: ($) =>
      seq($.result, choice(seq("from", $._sources), seq("is", choice($.result, $.datum)), seq("about", list($._thing)))),
    http: ($) =>
      seq("http", choice($.http_success, $.http_result, $.http_key, $.http_marker, $.http_probe, $.http_line)),
    http_success: ($) => seq("success", list($.number), optional(seq("where", $.string, "is", $._value))),
    http_result: ($) => seq($.result, "at", optional($.identifier), $.string, optional($.http_form)),
    http_key: ($) => seq("key", $.string, "kept", $._value),
    http_marker: ($) => seq("marker", $.identifier, $.string),
    http_probe: ($) =>
      seq(
        "probe",
        choice(
          seq($.identifier, $.string, "is", $._value, optional($.http_form)),
          seq($.string, optional(seq("list", $.string, "max", $.number)), "marker", $.string),
        ),
      ),
    http_line: ($) => seq($.identifier, $.string, optional(seq("is", $._value, optional($.http_form)))),
    http_form: ($) => seq("as", $._word),
    mcp: ($) =>
      seq("mcp", choice($.mcp_success, $.mcp_result, $.http_key, $.http_marker, $.http_probe, $.http_line)),
    mcp_success: ($) => seq("success", "where", $.string, "is", $._value),
    mcp_result: ($) =>
      seq($.result, "at", choice($.string, seq($._word, optional($.string))), optional($.http_form)),
    result: ($) => prec.right(seq("result", repeat(seq(".", $._word)))),

    // ---- things
    resource: ($) =>
      seq(
        "resource", field("name", $.identifier), optional(seq("in", field("parent", $.path), repeat(seq("|", field("parent", $.path))))),
        "{", list($.key_part), optional(","), "}", repeat(choice($.immutable, $.audience)),
      ),
    key_part: ($) => seq(field("name", $._word), ":", field("type", $._type), repeat(choice("fold", "exact"))),
    immutable: () => prec.right(seq("immutable", optional("minted"))),
    audience: ($) => seq("audience", choice("public", list($.readers))),
    readers: ($) => seq(field("group", $._word), optional(seq("of", field("of", $.path)))),
    _thing: ($) => choice($.anything, $.every, $.some, $.thing),
    _things: ($) => choice($.nothing, list($._thing)),
    nothing: () => "nothing",
    anything: ($) => prec.right(seq("anything", optional(seq("in", $.thing)))),
    every: ($) => prec.right(seq("every", field("kind", $.path), optional($.patterns), optional(seq("in", $.thing)))),
    some: ($) => prec.right(seq("some", field("kind", $.path), optional(seq("in", $.thing)))),
    thing: ($) => seq(field("kind", $.path), "(", list($._key), optional(","), ")"),
    _key: ($) => choice($.thing, $.patterns, $.any, $.string, $.number, $.result, $.datum),
    _source: ($) => choice($._thing, $.result, $.datum),
    _sources: ($) => choice($.nothing, list($._source)),

    // ---- workflows
    workflow: ($) =>
      seq(
        "workflow", field("name", $.identifier), optional($.parameters),
        "{", repeat(choice($.roles, $.separation, $.assumption, $.lease, $.secret, $.allowance, $.finish, $.step, $.prove, $.guard)), "}",
      ),
    parameters: ($) => seq("(", closed_list($.parameter), ")"),
    parameter: ($) => seq(field("name", $.identifier), ":", field("type", $._type)),
    roles: ($) => seq(choice("agent", "human"), list($.identifier)),
    separation: ($) => seq("separate", "roles", list($.identifier)),
    assumption: ($) => seq("assume", "nobody", "else", "changes", $._thing, "because", $.string),
    lease: ($) => seq("lease", $._thing),
    secret: ($) => seq("secret", $._thing),
    allowance: ($) => seq("allow", "private", $._thing, "reaches", $.uses, "because", $.string),
    finish: ($) => seq("finish", "when", $.formula),

    step: ($) =>
      seq(
        "step", field("name", $.identifier), "by", optional(choice("agent", "human")), field("role", $.identifier),
        optional($.after), optional($.when), "{", repeat(choice($.grant, $.submission, $.time_limit, $.outcome)), "}",
      ),
    after: ($) => seq("after", $.formula),
    when: ($) => seq("when", $.condition),

    grant: ($) =>
      seq(
        "may", field("action", $.path), "(", closed_list($.argument), ")",
        optional($.limit), optional(seq("as", field("result", $.identifier))),
      ),
    argument: ($) => seq(optional(seq(field("name", $._word), ":")), $._pin),
    limit: ($) =>
      choice(seq("once", $._per), seq("max", $.number, optional($._per))),
    _per: () => seq("per", choice("opening", "run")),

    submission: ($) =>
      seq("submit", field("name", $.identifier), ":", field("type", $._type), optional($.within), optional($.max)),

    time_limit: ($) =>
      seq("within", $.duration, "else", field("late", $.identifier), optional(seq("->", "end"))),

    outcome: ($) =>
      seq(
        "outcome", field("name", $.identifier),
        optional(choice(seq($.judged, optional($._how)), seq($._how, optional($.judged)))),
        optional(seq("by", $.number, "distinct")),
        optional($.counts),
        optional(seq("->", choice("end", $.reopen))),
      ),
    counts: ($) => seq("counts", "as", "judgement", "because", $.string),
    judged: ($) => seq("of", $.datum),
    _how: ($) => choice(seq("auto", "when", $.condition), seq("if", $.condition)),
    reopen: ($) =>
      seq(
        "reopen", field("step", $.identifier), optional(seq("with", "notes")),
        "(", "max", $.number, ",", "then", field("exhausted", $.identifier), optional(seq("->", "end")), ")",
      ),

    // ---- properties
    prove: ($) => seq("prove", $._claim, optional(seq("or", "vacuous"))),
    guard: ($) => seq("guard", $._claim),
    _claim: ($) =>
      choice(
        seq("no", choice("role", "principal"), "can", $.uses, "and", $.uses),
        seq("never", $.uses),
        seq("untrusted", "text", "reaches", $.uses, "only", "through", choice(
          field("role", $.identifier),
          seq("unexposed", field("role", $.identifier)),
          // A role can have that name.
          field("role", alias("unexposed", $.identifier)),
        )),
        seq("private", $._thing, "never", "reaches", $._sink),
        seq("private", $._thing, "reaches", $._sink, "only", "through", field("role", $.identifier)),
        seq(
          $.uses,
          choice(
            seq("requires", $.formula),
            seq("only", "within", choice($.patterns, $.datum)),
            seq("at", "most", $.number, "per", "run"),
          ),
        ),
      ),
    _sink: ($) => choice("outsiders", $.uses),
    uses: ($) =>
      prec.right(choice(
        seq("effect", $.identifier),
        seq(field("action", $.path), optional(seq("(", closed_list($.uses_argument), ")"))),
      )),
    uses_argument: ($) => seq(optional(seq(field("name", $._word), ":")), $._value),
  },
});
