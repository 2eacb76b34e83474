#include "models/hibari/reading/addresses.h"

#include "models/hibari/text/scan.h"

#include <algorithm>
#include <array>

namespace coda::models::hibari {

namespace {

constexpr size_t kLongestAddress = 2000;
constexpr size_t kLongestPhoneNumber = 15;  // digits, by E.164

bool is_one_of(TextView word, std::initializer_list<TextView> options) {
    return std::find(options.begin(), options.end(), word) != options.end();
}

bool starts_word(TextView text, size_t at) {
    return at == 0 || (!is_word(text[at - 1]) && text[at - 1] != U'@');
}

// The chunk up to the next space, without the marks that close a sentence or a bracket around it.
TextView chunk_at(TextView text, size_t at) {
    size_t end = at;
    const size_t limit = std::min(text.size(), at + kLongestAddress);
    while (end < limit && !is_space(text[end]) && !contains(U"<>\"“”`", text[end])) ++end;
    while (end > at && contains(U".,;:!?)]}'’*_", text[end - 1])) --end;
    return text.substr(at, end - at);
}

// "example.co.uk" as "example dot co dot UK".
Text spoken_host(TextView host) {
    if (starts_at(lower(host), 0, U"www.")) host.remove_prefix(4);
    host = host.substr(0, host.find(U':'));
    Text out;
    for (size_t at = 0; at <= host.size();) {
        const size_t end = std::min(host.find(U'.', at), host.size());
        const TextView part = host.substr(at, end - at);
        if (!out.empty()) out += U" dot ";
        const bool letters = part.size() == 2 && all_alpha(part) && at > 0 && part != U"co" && part != U"me";
        for (const char32_t c : letters ? upper(part) : Text(part)) {
            out += c == U'-' ? Text(U" dash ") : c == U'_' ? Text(U" ") : Text{c};
        }
        at = end + 1;
    }
    return out;
}

bool is_host(TextView host) {
    return !host.empty() && host.front() != U'.' && host.back() != U'.' &&
           host.find(U"..") == TextView::npos && std::all_of(host.begin(), host.end(), [](char32_t c) {
               return is_alnum(c) || contains(U".-_:", c);
           });
}

bool is_ip_address(TextView host) {
    return std::count(host.begin(), host.end(), U'.') == 3 &&
           host.find_first_not_of(U"0123456789.") == TextView::npos && is_host(host);
}

// A path of one or two plain words is worth saying.
Text spoken_path(TextView path) {
    Text out;
    size_t parts = 0;
    while (!path.empty() && path.back() == U'/') path.remove_suffix(1);
    for (size_t at = 1; at < path.size();) {
        const size_t end = std::min(path.find(U'/', at), path.size());
        const TextView part = path.substr(at, end - at);
        const bool plain =
            !part.empty() && part.size() <= 20 &&
            std::all_of(part.begin(), part.end(), [](char32_t c) { return is_alpha(c) || c == U'-'; });
        if (!plain || ++parts > 2) return {};
        out += U" slash " + Text(part);
        at = end + 1;
    }
    return out;
}

std::optional<Edit> web_address(TextView text, size_t at) {
    constexpr std::array<TextView, 5> kStarts = {U"https://", U"http://", U"ftp://", U"file://", U"www."};
    if (!is_ascii_alpha(text[at]) || !starts_word(text, at)) return std::nullopt;
    const Text head = lower(text.substr(at, 8));
    for (const TextView start : kStarts) {
        if (!starts_at(head, 0, start)) continue;
        const TextView address = chunk_at(text, at);
        const size_t scheme = start == U"www." ? 0 : start.size();
        if (address.size() <= scheme) return std::nullopt;
        const TextView rest = address.substr(scheme);
        const TextView host = rest.substr(0, rest.find_first_of(U"/?#"));
        if (!is_host(host)) return Edit{at + address.size(), U"a link"};
        return Edit{at + address.size(), spoken_host(host) + spoken_path(rest.substr(host.size()))};
    }
    return std::nullopt;
}

bool is_known_ending(TextView ending) {
    return is_one_of(
        ending, {U"com", U"org",  U"net", U"edu", U"gov", U"io", U"ai", U"app", U"dev", U"uk", U"de", U"fr",
                 U"eu",  U"info", U"biz", U"tv",  U"ca",  U"au", U"ch", U"jp",  U"nl",  U"se", U"co", U"us"});
}

// "example.com" and "example.com/path" without a scheme.
std::optional<Edit> bare_domain(TextView text, size_t at) {
    if (!is_alnum(text[at]) || !starts_word(text, at) || (at > 0 && contains(U"./-", text[at - 1])))
        return std::nullopt;
    size_t end = at;
    while (end < text.size() && end - at < 100 && (is_alnum(text[end]) || contains(U".-", text[end]))) ++end;
    TextView host = text.substr(at, end - at);
    while (!host.empty() && contains(U".-", host.back())) host.remove_suffix(1);
    const size_t point = host.rfind(U'.');
    if (point == TextView::npos || point == 0 || at_or_nul(text, at + host.size()) == U'@')
        return std::nullopt;
    if (!is_known_ending(host.substr(point + 1)) || !is_host(host)) return std::nullopt;
    const TextView address = chunk_at(text, at);
    const TextView path = address.size() > host.size() ? address.substr(host.size()) : TextView();
    const bool has_path = !path.empty() && path[0] == U'/';
    return Edit{at + (has_path ? address.size() : host.size()),
                spoken_host(host) + (has_path ? spoken_path(path) : Text())};
}

bool is_mail_character(char32_t c) {
    return is_alnum(c) || contains(U".+-_", c);
}

std::optional<Edit> mail_address(TextView text, size_t at) {
    if (!is_alnum(text[at]) || (at > 0 && is_mail_character(text[at - 1]))) return std::nullopt;
    size_t sign = at;
    while (sign < text.size() && sign - at < 64 && is_mail_character(text[sign])) ++sign;
    if (at_or_nul(text, sign) != U'@') return std::nullopt;
    size_t end = sign + 1;
    while (end < text.size() && end - sign < 100 && (is_alnum(text[end]) || contains(U".-", text[end])))
        ++end;
    while (end > sign + 1 && contains(U".-", text[end - 1])) --end;
    const TextView host = text.substr(sign + 1, end - sign - 1);
    if (host.find(U'.') == TextView::npos || !is_host(host)) return std::nullopt;
    Text out;
    for (const char32_t c : text.substr(at, sign - at)) {
        out += c == U'.'   ? Text(U" dot ")
               : c == U'_' ? Text(U" underscore ")
               : c == U'-' ? Text(U" dash ")
               : c == U'+' ? Text(U" plus ")
                           : Text{c};
    }
    return Edit{end, out + U" at " + spoken_host(host)};
}

// Digits one by one, groups apart.
Text spoken_digits(TextView number) {
    Text out;
    for (const char32_t c : number) {
        if (is_ascii_digit(c)) {
            if (!out.empty()) out += U' ';
            out += c;
        } else if (c == U'+') {
            out += U"plus";
        } else if (!out.empty() && out.back() != U',') {
            out += U',';
        }
    }
    while (!out.empty() && out.back() == U',') out.pop_back();
    return out;
}

struct DigitGroups {
    size_t end = 0, digits = 0, groups = 0, shortest = 100, longest = 0;
    bool brackets = false;
};

DigitGroups digit_groups(TextView text, size_t at) {
    DigitGroups out;
    size_t i = at_or_nul(text, at) == U'+' ? at + 1 : at;
    while (i < text.size() && out.digits <= kLongestPhoneNumber) {
        if (text[i] == U'(') {
            out.brackets = true;
            ++i;
        }
        const size_t end = digits_end(text, i);
        if (end == i) break;
        ++out.groups;
        out.digits += end - i;
        out.shortest = std::min(out.shortest, end - i);
        out.longest = std::max(out.longest, end - i);
        out.end = i = end;
        if (at_or_nul(text, i) == U')') out.end = ++i;
        if (contains(U" -.", at_or_nul(text, i)) && i < text.size()) ++i;
    }
    return out;
}

// "+44 20 7946 0958", "(555) 123-4567", "555-123-4567", "555.123.4567", "555-1234".
std::optional<Edit> phone_number(TextView text, size_t at) {
    const char32_t first = text[at];
    if (first != U'+' && first != U'(' && !is_ascii_digit(first)) return std::nullopt;
    if (at > 0 && (is_word(text[at - 1]) || contains(U".-/$£€#+", text[at - 1]))) return std::nullopt;
    const DigitGroups found = digit_groups(text, at);
    if (found.digits < 7 || found.digits > kLongestPhoneNumber || word_at(text, found.end))
        return std::nullopt;
    if (contains(U"-/:%", at_or_nul(text, found.end)) && found.end < text.size()) return std::nullopt;
    const TextView number = text.substr(at, found.end - at);
    const bool international = first == U'+' && found.groups >= 1 && digit_at(text, at + 1);
    const bool american = found.groups == 3 && found.digits == 10 && found.shortest == 3 &&
                          found.longest == 4 &&
                          (found.brackets || std::count(number.begin(), number.end(), number[3]) == 2) &&
                          (found.brackets || number[3] != U' ');
    const bool local = found.groups == 2 && found.digits == 7 && number.size() == 8 && number[3] == U'-';
    if (!international && !american && !local) return std::nullopt;
    return Edit{found.end, spoken_digits(number)};
}

// "192.168.0.1" and "v2.10.3", "version 1.2.3": points between more than two numbers are said.
std::optional<Edit> dotted_numbers(TextView text, size_t at) {
    const bool version = to_lower(text[at]) == U'v' && digit_at(text, at + 1);
    if (!version && !is_ascii_digit(text[at])) return std::nullopt;
    if (at > 0 && (is_word(text[at - 1]) || contains(U".,-$£€", text[at - 1]))) return std::nullopt;
    size_t end = version ? at + 1 : at;
    size_t numbers = 0;
    for (;;) {
        const size_t stop = digits_end(text, end, 9);
        if (stop == end) return std::nullopt;
        ++numbers;
        end = stop;
        if (at_or_nul(text, end) != U'.' || !digit_at(text, end + 1)) break;
        ++end;
    }
    if (word_at(text, end) || (numbers < 3 && !version)) return std::nullopt;
    const TextView number = text.substr(version ? at + 1 : at, end - at - (version ? 1 : 0));
    const bool date = numbers == 3 && number.size() - number.rfind(U'.') == 5 && number.find(U'.') <= 2;
    if (date && !version) return std::nullopt;
    const Text point = is_ip_address(number) ? U" dot " : U" point ";
    const bool named = at >= 8 && lower(text.substr(at - 8, 8)) == U"version ";
    Text out = version && !named ? U"version " : U"";
    if (numbers < 3) return Edit{end, out + Text(number)};
    for (const char32_t c : number) out += c == U'.' ? point : Text{c};
    const bool port = is_ip_address(number) && at_or_nul(text, end) == U':' && digit_at(text, end + 1);
    return Edit{port ? end + 1 : end, port ? out + U" port " : out};
}

// "notes.txt" as "notes dot txt"; only for endings that are surely files.
std::optional<Edit> file_name(TextView text, size_t at) {
    if (text[at] != U'.' || at == 0 || !is_alnum(text[at - 1])) return std::nullopt;
    size_t end = at + 1;
    while (word_at(text, end) && end - at < 8) ++end;
    if (word_at(text, end)) return std::nullopt;
    const TextView ending = text.substr(at + 1, end - at - 1);
    constexpr std::array<std::pair<TextView, TextView>, 36> kEndings = {
        {{U"txt", U"T X T"},    {U"pdf", U"PDF"},      {U"md", U"M D"},    {U"csv", U"CSV"},
         {U"json", U"jason"},   {U"xml", U"XML"},      {U"html", U"HTML"}, {U"htm", U"HTM"},
         {U"css", U"CSS"},      {U"js", U"J S"},       {U"ts", U"T S"},    {U"py", U"pie"},
         {U"cpp", U"C P P"},    {U"rs", U"R S"},       {U"sh", U"S H"},    {U"exe", U"E X E"},
         {U"zip", U"zip"},      {U"gz", U"G Z"},       {U"tar", U"tar"},   {U"jpg", U"jay peg"},
         {U"jpeg", U"jay peg"}, {U"png", U"PNG"},      {U"gif", U"gif"},   {U"svg", U"SVG"},
         {U"mp3", U"M P 3"},    {U"mp4", U"M P 4"},    {U"wav", U"wave"},  {U"doc", U"doc"},
         {U"docx", U"doc X"},   {U"xlsx", U"X L S X"}, {U"yaml", U"yaml"}, {U"yml", U"yaml"},
         {U"toml", U"toml"},    {U"ini", U"I N I"},    {U"log", U"log"},   {U"conf", U"conf"}}};
    for (const auto& [written, spoken] : kEndings) {
        if (ending == written) return Edit{end, U" dot " + Text(spoken)};
    }
    return std::nullopt;
}

// "/usr/local/bin", "~/notes" and "./run": the parts, without the strokes.
std::optional<Edit> path(TextView text, size_t at) {
    if (at > 0 && !is_space(text[at - 1]) && !contains(U"(\"'“‘", text[at - 1])) return std::nullopt;
    size_t start = at;
    if (contains(U"~.", text[start])) ++start;
    if (at_or_nul(text, start) == U'.') ++start;
    if (at_or_nul(text, start) != U'/' || !word_at(text, start + 1)) return std::nullopt;
    const TextView whole = chunk_at(text, at);
    Text out;
    for (const char32_t c : whole.substr(start - at + 1)) out += c == U'/' || c == U'_' ? U' ' : c;
    return Edit{at + whole.size(), out};
}

std::optional<Edit> mention(TextView text, size_t at) {
    if (text[at] != U'@' || !word_at(text, at + 1)) return std::nullopt;
    if (at > 0 && is_word(text[at - 1])) return std::nullopt;
    return Edit{at + 1, U"at "};
}

}  // namespace

Text read_addresses(Text text) {
    text = replace_all(text, web_address);
    text = replace_all(text, mail_address);
    text = replace_all(text, bare_domain);
    text = replace_all(text, phone_number);
    text = replace_all(text, dotted_numbers);
    text = replace_all(text, path);
    text = replace_all(text, file_name);
    return replace_all(text, mention);
}

}  // namespace coda::models::hibari
