#include "models/hibari/reading/inline.h"

#include "models/hibari/text/scan.h"

#include <algorithm>
#include <array>

namespace coda::models::hibari {

namespace {

// How far a closing bracket may lie; it bounds the time for texts of opening ones only.
constexpr size_t kLongestLabel = 300;
constexpr size_t kLongestTarget = 1000;
constexpr size_t kLongestTag = 300;

size_t find_within(TextView text, char32_t what, size_t from, size_t most) {
    const size_t limit = std::min(text.size(), from + most);
    for (size_t i = from; i < limit; ++i) {
        if (text[i] == what) return i;
        if (text[i] == U'\n') break;
    }
    return TextView::npos;
}

// The end of "(target)" at `at`, with balanced brackets inside; npos when there is none.
size_t target_end(TextView text, size_t at) {
    if (at_or_nul(text, at) != U'(') return TextView::npos;
    int depth = 0;
    for (size_t i = at; i < std::min(text.size(), at + kLongestTarget); ++i) {
        if (text[i] == U'(') ++depth;
        if (text[i] == U')' && --depth == 0) return i + 1;
        if (text[i] == U'\n') break;
    }
    return TextView::npos;
}

bool is_citation(TextView label) {
    return !label.empty() && label.size() <= 12 &&
           label.find_first_not_of(U"0123456789,;-– ") == TextView::npos && digit_at(label, 0);
}

// ![alt](target), [text](target), [text][reference], [^note] and [1].
std::optional<Edit> link(TextView text, size_t at) {
    const bool image = text[at] == U'!' && at_or_nul(text, at + 1) == U'[';
    if (text[at] != U'[' && !image) return std::nullopt;
    const size_t open = image ? at + 1 : at;
    const size_t close = find_within(text, U']', open + 1, kLongestLabel);
    if (close == TextView::npos) return std::nullopt;
    const TextView label = text.substr(open + 1, close - open - 1);
    if (starts_at(label, 0, U"^")) return Edit{close + 1, {}};
    if (starts_at(label, 0, U"![")) {  // a picture that is a link
        const size_t inner = target_end(text, close + 1);
        if (inner != TextView::npos && at_or_nul(text, inner) == U']') {
            const size_t outer = target_end(text, inner + 1);
            return Edit{outer == TextView::npos ? inner + 1 : outer, Text(label.substr(2))};
        }
    }
    if (const size_t end = target_end(text, close + 1); end != TextView::npos) return Edit{end, Text(label)};
    if (at_or_nul(text, close + 1) == U'[') {
        const size_t end = find_within(text, U']', close + 2, kLongestLabel);
        if (end != TextView::npos) return Edit{end + 1, Text(label)};
    }
    if (is_citation(label)) return Edit{close + 1, {}};
    return std::nullopt;
}

bool is_tag_name(TextView name) {
    constexpr std::array<TextView, 58> kNames = {
        U"a",      U"abbr",  U"b",   U"big",     U"blockquote", U"body",   U"br",    U"button", U"center",
        U"code",   U"dd",    U"del", U"details", U"div",        U"dl",     U"dt",    U"em",     U"font",
        U"form",   U"h1",    U"h2",  U"h3",      U"h4",         U"h5",     U"h6",    U"head",   U"hr",
        U"html",   U"i",     U"img", U"input",   U"ins",        U"kbd",    U"label", U"li",     U"mark",
        U"ol",     U"p",     U"pre", U"s",       U"samp",       U"script", U"small", U"span",   U"strike",
        U"strong", U"style", U"sub", U"summary", U"sup",        U"table",  U"tbody", U"td",     U"th",
        U"thead",  U"think", U"tr",  U"u"};
    return name == U"ul" || name == U"var" || std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

// <b>, </b>, <br/>, <a href="...">, <!-- ... --> and <https://...>.
std::optional<Edit> tag(TextView text, size_t at) {
    if (text[at] != U'<') return std::nullopt;
    const size_t close = find_within(text, U'>', at + 1, kLongestTag);
    if (close == TextView::npos) return std::nullopt;
    TextView inside = text.substr(at + 1, close - at - 1);
    if (starts_at(inside, 0, U"!--")) return Edit{close + 1, {}};
    if (inside.find(U' ') == TextView::npos &&
        (contains(inside, U'@') || inside.find(U"://") != TextView::npos)) {
        return Edit{close + 1, Text(inside)};
    }
    const bool closing = !inside.empty() && inside[0] == U'/';
    if (closing) inside.remove_prefix(1);
    size_t length = 0;
    while (length < inside.size() && is_alnum(inside[length]) && length < 12) ++length;
    const char32_t after = at_or_nul(inside, length);
    if (length < inside.size() && !is_space(after) && after != U'/') return std::nullopt;
    const Text name = lower(inside.substr(0, length));
    if (!is_tag_name(name)) return std::nullopt;
    const bool breaks =
        name == U"br" || name == U"p" || name == U"li" || name == U"hr" || name == U"div" || name == U"td";
    return Edit{close + 1, breaks ? U"\n" : U""};
}

std::optional<Edit> entity(TextView text, size_t at) {
    if (text[at] != U'&') return std::nullopt;
    const size_t close = find_within(text, U';', at + 1, 10);
    if (close == TextView::npos) return std::nullopt;
    const TextView name = text.substr(at + 1, close - at - 1);
    constexpr std::array<std::pair<TextView, TextView>, 18> kNames = {{{U"amp", U"&"},
                                                                       {U"lt", U"<"},
                                                                       {U"gt", U">"},
                                                                       {U"quot", U"\""},
                                                                       {U"apos", U"'"},
                                                                       {U"nbsp", U" "},
                                                                       {U"ndash", U"–"},
                                                                       {U"mdash", U"—"},
                                                                       {U"hellip", U"…"},
                                                                       {U"deg", U"°"},
                                                                       {U"times", U"×"},
                                                                       {U"rarr", U"→"},
                                                                       {U"copy", U"©"},
                                                                       {U"euro", U"€"},
                                                                       {U"pound", U"£"},
                                                                       {U"rsquo", U"’"},
                                                                       {U"ldquo", U"“"},
                                                                       {U"rdquo", U"”"}}};
    for (const auto& [entity_name, with] : kNames) {
        if (name == entity_name) return Edit{close + 1, Text(with)};
    }
    if (name.size() < 2 || name[0] != U'#') return std::nullopt;
    const bool hex = to_lower(name[1]) == U'x';
    char32_t value = 0;
    for (const char32_t c : name.substr(hex ? 2 : 1)) {
        const char32_t digit = is_ascii_digit(c) ? c - U'0' : to_lower(c) - U'a' + 10;
        if (digit >= (hex ? 16u : 10u)) return std::nullopt;
        value = value * (hex ? 16 : 10) + digit;
    }
    const bool sayable = value >= 32 && value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF);
    return Edit{close + 1, sayable ? Text{value} : Text()};
}

// \frac{1}{2}, \sqrt{2}, \times, \( and so on.
std::optional<Edit> latex(TextView text, size_t at) {
    if (text[at] == U'$' && at_or_nul(text, at + 1) == U'$') return Edit{at + 2, U" "};
    if (text[at] != U'\\') return std::nullopt;
    const char32_t next = at_or_nul(text, at + 1);
    if (!is_ascii_alpha(next)) {
        if (contains(U"()[],;: ", next) || next == 0) return Edit{std::min(at + 2, text.size()), U" "};
        return Edit{at + 1, {}};  // an escaped mark
    }
    size_t end = at + 1;
    while (end < text.size() && is_ascii_alpha(text[end]) && end - at < 20) ++end;
    const TextView name = text.substr(at + 1, end - at - 1);
    constexpr std::array<std::pair<TextView, TextView>, 20> kCommands = {{{U"times", U"times"},
                                                                          {U"cdot", U"times"},
                                                                          {U"div", U"divided by"},
                                                                          {U"pm", U"plus or minus"},
                                                                          {U"leq", U"is at most"},
                                                                          {U"le", U"is at most"},
                                                                          {U"geq", U"is at least"},
                                                                          {U"ge", U"is at least"},
                                                                          {U"neq", U"is not equal to"},
                                                                          {U"approx", U"is about"},
                                                                          {U"infty", U"infinity"},
                                                                          {U"to", U"to"},
                                                                          {U"rightarrow", U"to"},
                                                                          {U"left", U""},
                                                                          {U"right", U""},
                                                                          {U"text", U""},
                                                                          {U"mathrm", U""},
                                                                          {U"boxed", U""},
                                                                          {U"quad", U""},
                                                                          {U"sum", U"the sum of"}}};
    for (const auto& [command, word] : kCommands) {
        if (name == command) return Edit{end, U" " + Text(word) + U" "};
    }
    const auto argument = [&](size_t from, size_t& stop) -> std::optional<TextView> {
        if (at_or_nul(text, from) != U'{') return std::nullopt;
        const size_t close = find_within(text, U'}', from + 1, kLongestLabel);
        if (close == TextView::npos) return std::nullopt;
        stop = close + 1;
        return text.substr(from + 1, close - from - 1);
    };
    size_t stop = end;
    if (name == U"frac" || name == U"dfrac" || name == U"tfrac") {
        if (const auto top = argument(end, stop)) {
            if (const auto bottom = argument(stop, stop)) {
                return Edit{stop, U" " + Text(*top) + U" over " + Text(*bottom) + U" "};
            }
        }
    }
    if (name == U"sqrt") {
        if (const auto inside = argument(end, stop))
            return Edit{stop, U" the square root of " + Text(*inside) + U" "};
    }
    const bool path = at > 0 && (is_alnum(text[at - 1]) || text[at - 1] == U':');
    return Edit{path ? at + 1 : end,
                path ? Text(U" ") : Text(name)};  // a Windows path, or \alpha and the like
}

std::optional<Edit> emphasis(TextView text, size_t at) {
    const char32_t mark = text[at];
    if (mark != U'*' && mark != U'_' && mark != U'~') return std::nullopt;
    size_t end = at;
    while (at_or_nul(text, end) == mark) ++end;
    const size_t length = end - at;
    const char32_t before = at > 0 ? text[at - 1] : U' ', after = at_or_nul(text, end);
    const auto number_side = [&](char32_t c) { return is_ascii_digit(c) || c == U'(' || c == U')'; };
    if (mark == U'~') return length >= 2 ? std::optional(Edit{end, {}}) : std::nullopt;
    if (mark == U'_') return Edit{end, is_alnum(before) && is_alnum(after) ? U" " : U""};
    if (length == 1 && is_ascii_digit(before) && number_side(after)) return Edit{end, U" times "};
    if (length == 2 && is_ascii_digit(before) && is_ascii_digit(after))
        return Edit{end, U" to the power of "};
    const bool single_letters =
        is_alnum(before) && is_alnum(after) && (at < 2 || !is_word(text[at - 2])) && !word_at(text, end + 1);
    if (length == 1 && single_letters) return Edit{end, U" times "};
    if (length == 1 && before == U' ' && after == U' ' && at > 1 && is_alnum(text[at - 2]) &&
        is_alnum(at_or_nul(text, end + 1))) {
        return Edit{end, U"times"};
    }
    return Edit{end, {}};
}

// $x^2$ and $$x^2$$: a formula between dollar signs, not two prices.
std::optional<Edit> formula(TextView text, size_t at) {
    if (text[at] != U'$') return std::nullopt;
    const size_t marks = at_or_nul(text, at + 1) == U'$' ? 2 : 1;
    const size_t start = at + marks;
    const size_t close = find_within(text, U'$', start, kLongestLabel);
    if (close == TextView::npos) return std::nullopt;
    const TextView inside = text.substr(start, close - start);
    if (marks == 2) return Edit{at_or_nul(text, close + 1) == U'$' ? close + 2 : close + 1, Text(inside)};
    const bool bounded =
        !inside.empty() && inside.front() != U' ' && inside.back() != U' ' && !word_at(text, close + 1);
    const bool marked = inside.find_first_of(U"\\^_{=") != TextView::npos;
    const bool letter = inside.size() == 1 && is_alpha(inside[0]);
    return bounded && (marked || letter) ? std::optional(Edit{close + 1, Text(inside)}) : std::nullopt;
}

}  // namespace

Text without_links_and_tags(Text text) {
    text = replace_all(text, link);
    text = replace_all(text, tag);
    text = replace_all(text, entity);
    std::erase(text, U'`');
    text = replace_all(text, formula);
    return replace_all(text, latex);
}

Text without_emphasis(Text text) {
    return replace_all(text, emphasis);
}

}  // namespace coda::models::hibari
