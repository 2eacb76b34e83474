#include "models/llm/jinja/template.h"

#include "base/file_map.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace coda::models::llm::jinja {
namespace {

using Json = nlohmann::ordered_json;

// The time that tests/golden/chat was made at.
std::tm golden_time() {
    std::tm now{};
    now.tm_year = 126;
    now.tm_mday = 2;
    now.tm_hour = 3;
    now.tm_min = 4;
    now.tm_sec = 5;
    now.tm_wday = 5;
    now.tm_yday = 1;
    return now;
}

const Json& golden() {
    static const Json json =
        Json::parse(read_file(CODA_SOURCE_DIR "/tests/golden/chat/templates.json").value_or("{}"));
    return json;
}

Template::Variables variables_of(const Json& json) {
    Template::Variables out;
    for (const auto& [name, value] : json.items())
        out.emplace_back(name, Value::from_json(value, Origin::input));
    return out;
}

Result<Text> rendered(std::string_view source, const Template::Variables& variables,
                      const RenderLimits& limits = {}) {
    CODA_TRY(const Template parsed, Template::parse(source));
    return parsed.render(variables, golden_time(), limits);
}

// Origins as a person sees them: input in angle brackets.
std::string shown(const Text& text) {
    std::string out;
    bool inside = false;
    for (size_t i = 0; i < text.size(); ++i) {
        const bool input = text.origins[i] != static_cast<char>(Origin::source);
        if (input != inside) out += input ? "<" : ">";
        inside = input;
        out += text.bytes[i];
    }
    return inside ? out + ">" : out;
}

std::string error_of(std::string_view source, const Template::Variables& variables = {},
                     const RenderLimits& limits = {}) {
    const auto text = rendered(source, variables, limits);
    return text ? "no error: " + text->bytes : text.error().message();
}

void expect_golden(const std::string& name, const std::string& source, const Template::Variables& variables,
                   const Json& expected) {
    const auto text = rendered(source, variables);
    if (expected.is_null())
        EXPECT_FALSE(text) << name << " renders: " << text->bytes;
    else if (!text)
        ADD_FAILURE() << name << ": " << text.error().message();
    else
        EXPECT_EQ(text->bytes, expected.get<std::string>()) << name;
}

TEST(JinjaTemplate, FamiliesAreRenderedAsTransformersDoes) {
    ASSERT_GE(golden()["families"].size(), 9u);
    for (const Json& family : golden()["families"]) {
        const auto source = family["template"].get<std::string>();
        ASSERT_EQ(family["texts"].size(), golden()["cases"].size());
        for (size_t i = 0; i < family["texts"].size(); ++i) {
            const Json& variables = golden()["cases"][i]["variables"];
            expect_golden(
                family["name"].get<std::string>() + ": " + golden()["cases"][i]["name"].get<std::string>(),
                source, variables_of(variables), family["texts"][i]);
        }
    }
}

TEST(JinjaTemplate, FeaturesAreThoseOfJinja) {
    const auto variables = variables_of(golden()["snippet_variables"]);
    ASSERT_GE(golden()["snippets"].size(), 60u);
    for (const Json& snippet : golden()["snippets"]) {
        const auto source = snippet["template"].get<std::string>();
        expect_golden(source, source, variables, snippet["text"]);
    }
}

TEST(JinjaTemplate, EveryByteKnowsWhetherItCameFromOutside) {
    const Template::Variables variables = {{"x", Value::text(" <a> ", Origin::input)}};
    const auto show = [&](std::string_view source) {
        const auto text = rendered(source, variables);
        return text ? shown(*text) : text.error().message();
    };
    EXPECT_EQ(show("[{{ x }}]"), "[< <a> >]");
    EXPECT_EQ(show("{{ '[' + x|trim + ']' }}"), "[<<a>>]");
    EXPECT_EQ(show("{{ x|tojson }}"), "\"< <a> >\"");
    EXPECT_EQ(show("{{ [x] }}"), "['< <a> >']");
    EXPECT_EQ(show("{{ x|upper ~ x[1] }}"), "< <A> <>");
    EXPECT_EQ(show("{{ 'a-b'|replace('-', x) }}"), "a< <a> >b");
    EXPECT_EQ(show("{{ x|replace('a', 'b') }}"), "< <>b<> >");
    EXPECT_EQ(show("{% set y %}({{ x }}){% endset %}{{ y.split('<')[0] }}"), "(< >");
    EXPECT_EQ(show("{% macro m(a) %}{{ a }}!{% endmacro %}{{ m(x.strip()) }}"), "<<a>>!");
}

TEST(JinjaTemplate, ErrorsNameThePlace) {
    EXPECT_EQ(error_of("a\n  {{ 1 + }}"), "line 2, column 10: \"}}\" where an expression should be");
    EXPECT_EQ(error_of("{% for x in y %}\n\n"),
              "line 2, column 1: the end of the template where \"endfor\" should be");
    EXPECT_EQ(error_of("{{ x }}\n{{ y.z }}"), "line 2, column 6: 'y' is undefined");
    EXPECT_EQ(error_of("{% include 'x' %}"), "line 1, column 4: the statement \"include\" is not supported");
    EXPECT_EQ(error_of("{{ 1|frobnicate }}"), "line 1, column 6: there is no filter \"frobnicate\"");
    EXPECT_EQ(error_of("{{ raise_exception('no system role') }}"),
              "line 1, column 19: the template refuses: no system role");
}

TEST(JinjaTemplate, WorkDepthAndSizeAreBounded) {
    const auto exhausted = [](std::string_view source) {
        const auto text = rendered(source, {});
        return !text && text.error().code == ErrorCode::exhausted;
    };
    EXPECT_TRUE(exhausted("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"));
    EXPECT_TRUE(exhausted(
        "{% for a in range(99999) %}{{ 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' }}{% endfor %}"));
    EXPECT_TRUE(exhausted("{{ 'x' * 1000000000000 }}"));
    EXPECT_TRUE(exhausted(
        "{% set ns = namespace(x='x') %}{% for a in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}"));
    EXPECT_TRUE(exhausted(
        "{% set ns = namespace(x=[]) %}{% for a in range(999) %}{% set ns.x = [ns.x] %}{% endfor %}"));
    EXPECT_TRUE(exhausted("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"));
    EXPECT_TRUE(exhausted("{{ " + std::string(5000, '(') + "1" + std::string(5000, ')') + " }}"));
    EXPECT_TRUE(exhausted("{{ 1" + [] {
        std::string sum;
        for (int i = 0; i < 5000; ++i) sum += "+1";
        return sum;
    }() + " }}"));
    std::string nested;
    for (int i = 0; i < 5000; ++i) nested += "{% if x %}";
    EXPECT_TRUE(exhausted(nested));
    EXPECT_TRUE(exhausted(std::string(size_t{2} << 20, 'x')));
}

TEST(JinjaTemplate, WhatHoldsItselfIsReleased) {
    EXPECT_TRUE(rendered(
        "{% set ns = namespace() %}{% set ns.self = ns %}{% macro m() %}{{ m }}{% endmacro %}{{ ns }}", {}));
}

// However a template is cut, it renders or says where it is wrong.
TEST(JinjaTemplate, CutTemplatesAreErrorsOrTemplates) {
    int errors = 0;
    for (const Json& family : golden()["families"]) {
        const auto source = family["template"].get<std::string>();
        const auto variables = variables_of(golden()["cases"][0]["variables"]);
        for (size_t size = 0; size < source.size(); ++size) {
            const auto text = rendered(std::string_view(source).substr(0, size), variables);
            if (text) continue;
            ++errors;
            EXPECT_FALSE(text.error().where.empty()) << text.error().message();
        }
    }
    EXPECT_GT(errors, 1000);
}

}  // namespace
}  // namespace coda::models::llm::jinja
