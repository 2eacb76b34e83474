#include "models/hibari/reading/signs.h"

#include "models/hibari/text/scan.h"

#include <algorithm>
#include <array>

#include <utf8proc.h>

namespace coda::models::hibari {

namespace {

struct SignWords {
    TextView sign, words;
};

// Longer signs first.
constexpr std::array<SignWords, 56> kSigns = {{{U"<=>", U" "},
                                               {U"===", U" equals "},
                                               {U"!==", U" is not equal to "},
                                               {U"-->", U" to "},
                                               {U"->", U" to "},
                                               {U"=>", U" to "},
                                               {U"==", U" equals "},
                                               {U"!=", U" is not equal to "},
                                               {U"<=", U" is at most "},
                                               {U">=", U" is at least "},
                                               {U"&&", U" and "},
                                               {U"||", U" or "},
                                               {U":=", U" is "},
                                               {U"→", U" to "},
                                               {U"⇒", U" to "},
                                               {U"⟶", U" to "},
                                               {U"↔", U" to and from "},
                                               {U"⇔", U" if and only if "},
                                               {U"≠", U" is not equal to "},
                                               {U"≤", U" is at most "},
                                               {U"≥", U" is at least "},
                                               {U"≈", U" about "},
                                               {U"≅", U" about "},
                                               {U"≡", U" equals "},
                                               {U"×", U" times "},
                                               {U"·", U" "},
                                               {U"÷", U" divided by "},
                                               {U"±", U" plus or minus "},
                                               {U"√", U" the square root of "},
                                               {U"∞", U" infinity "},
                                               {U"∑", U" the sum of "},
                                               {U"∫", U" the integral of "},
                                               {U"∂", U" partial "},
                                               {U"∈", U" in "},
                                               {U"∀", U" for all "},
                                               {U"∃", U" there exists "},
                                               {U"∪", U" union "},
                                               {U"∩", U" intersection "},
                                               {U"∝", U" is proportional to "},
                                               {U"∆", U" delta "},
                                               {U"∴", U" therefore "},
                                               {U"℃", U"°C"},
                                               {U"℉", U"°F"},
                                               {U"№", U" number "},
                                               {U"§", U" section "},
                                               {U"¶", U" paragraph "},
                                               {U"©", U" copyright "},
                                               {U"™", U" "},
                                               {U"®", U" "},
                                               {U"‹", U" "},
                                               {U"›", U" "},
                                               {U"«", U"\""},
                                               {U"»", U"\""},
                                               {U"„", U"\""},
                                               {U"…", U"..."},
                                               {U"―", U"—"}}};

std::optional<Edit> sign(TextView text, size_t at) {
    const char32_t c = text[at];
    if (c == U'…' || c == U'―' || is_alnum(c) || c == U' ')
        return std::nullopt;  // the package knows these two
    for (const auto& [written, words] : kSigns) {
        if (starts_at(text, at, written)) return Edit{at + written.size(), Text(words)};
    }
    return std::nullopt;
}

// A Greek letter by itself is a name in a formula.
TextView greek_name(char32_t c) {
    switch (to_lower(c)) {
        case U'α':
            return U"alpha";
        case U'β':
            return U"beta";
        case U'γ':
            return U"gamma";
        case U'δ':
            return U"delta";
        case U'ε':
            return U"epsilon";
        case U'ζ':
            return U"zeta";
        case U'η':
            return U"eta";
        case U'θ':
            return U"theta";
        case U'κ':
            return U"kappa";
        case U'λ':
            return U"lambda";
        case U'μ':
            return U"mu";
        case U'ν':
            return U"nu";
        case U'ξ':
            return U"xi";
        case U'π':
            return U"pi";
        case U'ρ':
            return U"rho";
        case U'σ':
            return U"sigma";
        case U'τ':
            return U"tau";
        case U'φ':
            return U"phi";
        case U'χ':
            return U"chi";
        case U'ψ':
            return U"psi";
        case U'ω':
            return U"omega";
        default:
            return {};
    }
}

bool is_greek(char32_t c) {
    return (c >= 0x370 && c <= 0x3FF) || (c >= 0x1F00 && c <= 0x1FFF);
}

std::optional<Edit> greek_letter(TextView text, size_t at) {
    const TextView name = greek_name(text[at]);
    if (name.empty() || (at > 0 && is_greek(text[at - 1])) ||
        (at + 1 < text.size() && is_greek(text[at + 1]))) {
        return std::nullopt;
    }
    return Edit{at + 1, U" " + Text(name) + U" "};
}

// "C++", "C#", "F#", ".NET"
std::optional<Edit> programming_language(TextView text, size_t at) {
    constexpr std::array<SignWords, 5> kNames = {{{U"C++", U"C plus plus"},
                                                  {U"c++", U"C plus plus"},
                                                  {U"C#", U"C sharp"},
                                                  {U"F#", U"F sharp"},
                                                  {U".NET", U"dot net"}}};
    if (at > 0 && is_word(text[at - 1])) return std::nullopt;
    for (const auto& [written, words] : kNames) {
        if (starts_at(text, at, written) && !word_at(text, at + written.size()))
            return Edit{at + written.size(), Text(words)};
    }
    return std::nullopt;
}

// ":-)" and the like, as words of their own.
std::optional<Edit> emoticon(TextView text, size_t at) {
    if (!contains(U":;=8xX<(^>T-", text[at]) || (at > 0 && !is_space(text[at - 1]))) return std::nullopt;
    size_t end = at;
    while (end < text.size() && !is_space(text[end]) && end - at < 6) ++end;
    const TextView face = text.substr(at, end - at);
    constexpr std::array<TextView, 28> kFaces = {U":)",  U":-)", U":(",  U":-(", U";)",  U";-)", U":D",
                                                 U":-D", U":P",  U":-P", U":p",  U":-p", U":o",  U":O",
                                                 U":-o", U":/",  U":-/", U":|",  U":'(", U"<3",  U"XD",
                                                 U"xD",  U"=)",  U"=D",  U"^^",  U"^_^", U">:(", U"-_-"};
    if (std::find(kFaces.begin(), kFaces.end(), face) == kFaces.end()) return std::nullopt;
    const bool ends_line = end == text.size() || text[end] == U'\n';
    if (face == U"<3" && !ends_line) return std::nullopt;  // else it compares
    return Edit{end, {}};
}

std::optional<Edit> written_abbreviation(TextView text, size_t at) {
    if (!is_ascii_alpha(text[at]) || !stands_free(text, at, U".")) return std::nullopt;
    constexpr std::array<SignWords, 10> kAbbreviations = {{{U"e.g.", U"for example"},
                                                           {U"E.g.", U"For example"},
                                                           {U"i.e.", U"that is"},
                                                           {U"I.e.", U"That is"},
                                                           {U"etc.", U"et cetera"},
                                                           {U"b/c", U"because"},
                                                           {U"w/o", U"without"},
                                                           {U"w/", U"with "},
                                                           {U"a.k.a.", U"also known as"},
                                                           {U"N.B.", U"note"}}};
    for (const auto& [written, words] : kAbbreviations) {
        if (!starts_at(text, at, written)) continue;
        size_t end = at + written.size();
        if (written.back() != U'/' && word_at(text, end)) continue;
        if (written == U"w/" && !word_at(text, skip_one_space(text, end))) continue;
        if (written == U"w/") end = skip_one_space(text, end);
        const size_t next = skip_one_space(text, end);
        const bool ends_sentence =
            written == U"etc." && (next >= text.size() || is_upper(text[next]) || text[next] == U'\n');
        return Edit{end, Text(words) + (ends_sentence ? U"." : U"")};
    }
    return std::nullopt;
}

constexpr std::array<SignWords, 19> kCalendar = {{{U"Mon", U"Monday"},
                                                  {U"Tue", U"Tuesday"},
                                                  {U"Wed", U"Wednesday"},
                                                  {U"Thu", U"Thursday"},
                                                  {U"Fri", U"Friday"},
                                                  {U"Sat", U"Saturday"},
                                                  {U"Sun", U"Sunday"},
                                                  {U"Jan", U"January"},
                                                  {U"Feb", U"February"},
                                                  {U"Mar", U"March"},
                                                  {U"Apr", U"April"},
                                                  {U"May", U"May"},
                                                  {U"Jun", U"June"},
                                                  {U"Jul", U"July"},
                                                  {U"Aug", U"August"},
                                                  {U"Sep", U"September"},
                                                  {U"Oct", U"October"},
                                                  {U"Nov", U"November"},
                                                  {U"Dec", U"December"}}};

const SignWords* calendar_name(TextView text, size_t at) {
    const auto found = std::find_if(kCalendar.begin(), kCalendar.end(),
                                    [&](const SignWords& name) { return starts_at(text, at, name.sign); });
    return found == kCalendar.end() ? nullptr : &*found;
}

// "Mon–Fri" as "Monday to Friday".
std::optional<Edit> calendar_range(TextView text, size_t at) {
    if (at > 0 && is_word(text[at - 1])) return std::nullopt;
    const SignWords* first = calendar_name(text, at);
    if (first == nullptr || !contains(U"-–", at_or_nul(text, at + 3)) || at + 3 >= text.size())
        return std::nullopt;
    const SignWords* last = calendar_name(text, at + 4);
    if (last == nullptr || word_at(text, at + 7)) return std::nullopt;
    return Edit{at + 7, Text(first->words) + U" to " + Text(last->words)};
}

// "Tue, 5 March" and "Tue 5 March"
std::optional<Edit> weekday_before_date(TextView text, size_t at) {
    if (!is_upper(text[at]) || (at > 0 && is_word(text[at - 1]))) return std::nullopt;
    const SignWords* day = calendar_name(text, at);
    if (day == nullptr || day >= kCalendar.data() + 7) return std::nullopt;
    const size_t space = at_or_nul(text, at + 3) == U',' ? at + 4 : at + 3;
    if (at_or_nul(text, space) != U' ') return std::nullopt;
    if (!digit_at(text, space + 1) && calendar_name(text, space + 1) == nullptr) return std::nullopt;
    return Edit{at + 3, Text(day->words)};
}

// "A–Z", "Paris–Berlin": an en dash between words without spaces.
std::optional<Edit> dash_between_words(TextView text, size_t at) {
    if (text[at] != U'–' || at == 0 || !is_alnum(text[at - 1]) || !word_at(text, at + 1)) return std::nullopt;
    return Edit{at + 1, U" to "};
}

bool is_latin(char32_t c) {
    return c < 0x250 || (c >= 0x1E00 && c < 0x1F00);
}

// Letters that a person reading English cannot be expected to say.
bool is_foreign_letter(char32_t c) {
    return is_alpha(c) && !is_latin(c);
}

bool is_sayable(char32_t c) {
    if (is_ascii_alpha(c) || is_ascii_digit(c) || c == U' ' || c == U'\n') return true;
    if (is_alpha(c)) return is_latin(c);
    return contains(U".,;:!?…—–-'\"“”‘’()%$£€¥&+=@/°#<>~¢₹₩", c);
}

// Signs that only make sense next to something: "%" after a number, "$" before one.
bool stands_alone(TextView text, size_t at) {
    const bool joined_before = at > 0 && !is_space(text[at - 1]),
               joined_after = at + 1 < text.size() && !is_space(text[at + 1]);
    const bool word_before = at > 0 && (is_alnum(text[at - 1]) || contains(U")\"'”’", text[at - 1]));
    switch (text[at]) {
        case U'%':
        case U'°':
        case U'¢':
            return !word_before && !(at > 1 && text[at - 1] == U' ' && is_ascii_digit(text[at - 2]));
        case U'$':
        case U'£':
        case U'€':
        case U'¥':
        case U'₹':
        case U'₩':
        case U'#':
            return !(joined_after && is_alnum(text[at + 1]));
        case U'<':
        case U'>':
        case U'~':
        case U'=': {
            const size_t next = skip_one_space(text, at + 1);
            size_t before = at;
            if (before > 0 && text[before - 1] == U' ') --before;
            return before == 0 || !is_alnum(text[before - 1]) ||
                   !(word_at(text, next) || contains(U"-$£€(", at_or_nul(text, next)));
        }
        case U'&':
        case U'@':
        case U'+': {
            const size_t next = skip_one_space(text, at + 1);
            return !word_at(text, next);
        }
        case U'/':
            return !(joined_before && joined_after && is_alnum(text[at - 1]) && is_alnum(text[at + 1]));
        case U'-':
            return !joined_after && !joined_before
                       ? false
                       : !(word_before ||
                           (joined_after && (is_alnum(text[at + 1]) || contains(U"$£€.", text[at + 1]))));
        default:
            return false;
    }
}

// Marks one after the other say no more than the last: "!!!" is "!", "?!" is "?", ",." is ".".
Text single_marks(TextView text) {
    Text out;
    for (size_t at = 0; at < text.size(); ++at) {
        const char32_t c = text[at];
        const bool mark = contains(U".,;:!?", c);
        if (!mark || out.empty()) {
            out += c;
            continue;
        }
        const bool dots = c == U'.' && out.back() == U'.';
        if (dots || !contains(U".,;:!?", out.back())) {
            const bool too_many =
                dots && out.size() >= 3 && out[out.size() - 2] == U'.' && out[out.size() - 3] == U'.';
            if (!too_many) out += c;
        } else if (c == U'?' || (contains(U",;:", out.back()) && contains(U".!?", c))) {
            out.back() = c;
        } else if (out.back() == U'.' && c == U',') {
            out += c;  // "etc.,"
        }
    }
    return out;
}

// A space before a closing mark, left where something was dropped.
std::optional<Edit> stray_space(TextView text, size_t at) {
    if (text[at] != U' ' || at + 1 >= text.size() || !contains(U".,;:!?)", text[at + 1])) return std::nullopt;
    return digit_at(text, at + 2) ? std::nullopt : std::optional(Edit{at + 1, {}});
}

Text tidy_line(const Text& folded) {
    Text kept;
    for (size_t at = 0; at < folded.size(); ++at) kept += stands_alone(folded, at) ? U' ' : folded[at];
    Text line = single_marks(replace_all(fold_spaces(kept), stray_space));
    const size_t first = line.find_first_not_of(U" ,;:!?)");
    line.erase(0, first == Text::npos ? line.size() : first);
    return line;
}

bool is_zero_width(char32_t c) {
    return c == 0xAD || (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFE00 && c <= 0xFE0F) || c == 0x20E3;
}

// A letter without its accents: "é" is "e"; letters that are no accented ones stay.
Text without_accents(char32_t c) {
    Text single{c};
    const std::string bytes = encode_utf8(single);
    utf8proc_uint8_t* mapped = nullptr;
    const auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE |
                                                        UTF8PROC_COMPAT | UTF8PROC_STRIPMARK);
    const auto n = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(bytes.data()),
                                static_cast<utf8proc_ssize_t>(bytes.size()), &mapped, options);
    if (n < 0) return single;
    Text out = decode_utf8({reinterpret_cast<const char*>(mapped), static_cast<size_t>(n)});
    std::free(mapped);
    return out;
}

bool is_combining(char32_t c) {
    const auto kind = utf8proc_category(static_cast<utf8proc_int32_t>(c));
    return kind == UTF8PROC_CATEGORY_MN || kind == UTF8PROC_CATEGORY_ME;
}

}  // namespace

Text plain_characters(TextView text) {
    Text out;
    out.reserve(text.size());
    for (const char32_t c : text) {
        if (c < 0x80) {
            if (c == U'\n' || c == U'\r' || c >= 32) {
                if (c != 127) out += c;
            } else {
                out += U' ';
            }
        } else if (is_zero_width(c) || is_combining(c)) {
            continue;
        } else if (c == 0x85 || c == 0x2028 || c == 0x2029) {
            out += U'\n';
        } else if (is_space(c)) {
            out += c == 0x2009 || c == 0x202F || c == 0xA0 ? U'\u00a0' : U' ';
        } else if (c >= 0xFF01 && c <= 0xFF5E) {
            out += c - 0xFEE0;
        } else if (c == U'º' || c == U'˚') {
            out += U'°';
        } else if (c == U'µ') {
            out += c;
        } else if (c >= 0x2080 && c <= 0x2089) {
            out += U'0' + (c - 0x2080);
        } else if ((is_alpha(c) && is_latin(c)) || (c >= 0xFB00 && c <= 0xFB06)) {
            out += without_accents(c);
        } else if (c == U'。' || c == U'！' || c == U'？') {
            out += c == U'。' ? U'.' : c == U'！' ? U'!' : U'?';
        } else if (c == U'‑' || c == U'‐' || c == U'‒') {
            out += U'-';
        } else {
            out += c;
        }
    }
    return out;
}

Text read_abbreviations(Text text) {
    return replace_all(replace_all(text, emoticon), written_abbreviation);
}

Text read_signs(Text text) {
    text = replace_all(text, programming_language);
    text = replace_all(text, calendar_range);
    text = replace_all(text, weekday_before_date);
    text = replace_all(text, dash_between_words);
    text = replace_all(text, sign);
    return replace_all(text, greek_letter);
}

Text without_leftovers(TextView text) {
    Text sayable;
    sayable.reserve(text.size());
    for (const char32_t c : text) {
        if (is_sayable(c)) {
            sayable += c;
        } else if (c == U'|' || is_foreign_letter(c)) {
            if (c == U'|' && !sayable.empty() && !contains(U",.\n", sayable.back())) sayable += U", ";
            if (c != U'|' && !sayable.empty() && !is_space(sayable.back())) sayable += U' ';
        } else {
            sayable += U' ';
        }
    }
    Text out;
    for (size_t at = 0; at <= sayable.size();) {
        const size_t end = std::min(sayable.find(U'\n', at), sayable.size());
        const Text line = tidy_line(fold_spaces(TextView(sayable).substr(at, end - at)));
        at = end + 1;
        if (std::none_of(line.begin(), line.end(), is_alnum)) continue;
        if (!out.empty()) out += U'\n';
        out += line;
    }
    return out;
}

}  // namespace coda::models::hibari
