// JSON Schema as a grammar: every text that follows the grammar is one JSON value that follows the schema.
// (Not the other way round: properties come in the order in which the schema names them, without others, and
// white space is bounded.) Thread safety: pure functions.
#pragma once

#include "models/llm/grammar/grammar.h"

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace coda::models::llm::grammar {

// type (one or several), properties, required, additionalProperties (as a schema only where there are no
// properties), items, prefixItems, minItems, maxItems, enum, const, minLength, maxLength, pattern (without a
// length beside it; see regex.h), format (date, time, date-time, uuid; others are taken as remarks), minimum,
// maximum, exclusiveMinimum, exclusiveMaximum, anyOf, oneOf of different types, allOf of one, $ref to this
// document, true. Fails with unsupported for anything else that limits the value, bad_format for what is no
// schema, naming the place as a JSON pointer.
Result<Builder::Rule> schema_rule(Builder& builder, const nlohmann::ordered_json& schema);

// The same for a schema as text, whole.
Result<Grammar> schema_grammar(std::string_view schema);

// Whether brackets are nested too deep for recursion over the value, those inside strings counted too.
bool json_too_deep(std::string_view json);
// What may stand between the parts of a JSON text.
Builder::Rule json_space(Builder& builder);
// `value` as JSON, letter by letter.
Builder::Rule json_literal(Builder& builder, const nlohmann::ordered_json& value);

}  // namespace coda::models::llm::grammar
