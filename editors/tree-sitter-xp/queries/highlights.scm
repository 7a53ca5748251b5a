(comment) @comment
(doc_comment) @comment.documentation

(string) @string
(escape) @string.escape
(interpolation) @variable.member
(number) @number
(duration) @number
(amount unit: (identifier) @constant)
(decimal_type unit: (identifier) @constant)
(boolean) @boolean

[
  "workflow" "connector" "step" "resource" "type" "action" "may" "submit" "outcome" "use" "agent" "human" "separate" "roles" "prove" "guard" "finish" "assume" "lease" "secret" "allow" "nobody" "else"
] @keyword

[
  "after" "as" "auto" "by" "end" "if" "of" "reopen" "then" "when" "with" "notes" "vacuous" "counts" "judgement" "because" "distinct"
] @keyword.control

["and" "or" "not"] @keyword.operator
["<" "<=" ">" ">="] @operator
["one" "within" "content" "only" "max" "once" "per" "opening" "run" "at" "most"] @keyword.modifier
(any) @keyword.modifier
["no" "role" "principal" "can" "never" "untrusted" "text" "private" "outsiders" "reaches" "through" "unexposed" "requires"] @keyword
[
  "effect" "reveals" "about" "shows" "repeat" "changes" "reads" "makes" "removes" "final" "expects" "reports" "version" "measured" "result" "http" "mcp"
  "success" "where" "key" "kept" "marker" "probe"
] @keyword
["from" "is" "in" "valid" "while" "every" "some"] @keyword.modifier
(anything "anything" @constant.builtin)
(nothing) @constant.builtin
["fold" "exact" "immutable" "minted" "audience" "public"] @attribute
(irreversible) @keyword
(publishes) @keyword
(attests) @keyword
["list" "set" "optional" "decimal"] @type.builtin

(workflow name: (identifier) @type)
(connector name: (identifier) @type)
(type name: (identifier) @type)
(resource name: (identifier) @type)
(resource parent: (path) @type)
(readers of: (path) @type)
(readers group: (identifier) @constant)
(thing kind: (path) @type)
(every kind: (path) @type)
(some kind: (path) @type)
(step name: (identifier) @type)
(named_type (path) @type)
(action name: (path) @function)
(grant action: (path) @function.call)
(uses action: (path) @function.call)
(use (path) @module)
(outcome name: (identifier) @label)
(reopen exhausted: (identifier) @label)
(atom outcome: (identifier) @label)
(atom step: (identifier) @variable)
(step role: (identifier) @constant)
(roles (identifier) @constant)
(separation (identifier) @constant)
(parameter name: (identifier) @variable.parameter)
(action_parameter name: (identifier) @variable.parameter)
(argument name: (identifier) @variable.parameter)
(uses_argument name: (identifier) @variable.parameter)
(field name: (identifier) @variable.member)
(key_part name: (identifier) @variable.member)
(result (identifier) @variable.member)
(final (identifier) @variable.parameter)
(shows (identifier) @variable.member)
(datum (path) @variable)

["->" "=" "|"] @operator
["{" "}" "[" "]" "(" ")"] @punctuation.bracket
["," ":" "."] @punctuation.delimiter
