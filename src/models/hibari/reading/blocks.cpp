#include "models/hibari/reading/blocks.h"

#include "models/hibari/text/scan.h"

#include <algorithm>

namespace coda::models::hibari {

namespace {

constexpr size_t kWrappedLine = 50;  // a line this long without an end mark was wrapped by an editor
constexpr TextView kBullets = U"-*+•‣◦▪▫■□●○–·";

// The length of the run of `c` at `at`.
size_t run_length(TextView text, size_t at, char32_t c) {
    size_t end = at;
    while (at_or_nul(text, end) == c) ++end;
    return end - at;
}

struct Fence {
    char32_t mark = 0;
    size_t length = 0;
};

// The fence that opens a code block, if the line is one; ```code``` on one line is not.
Fence fence_at(TextView line) {
    for (const char32_t mark : {U'`', U'~'}) {
        const size_t length = run_length(line, 0, mark);
        if (length >= 3 && line.find(mark, length) == TextView::npos) return {mark, length};
    }
    return {};
}

bool closes(TextView line, const Fence& fence) {
    return run_length(line, 0, fence.mark) >= fence.length &&
           line.find_first_not_of(fence.mark) == TextView::npos;
}

// "---", "* * *", "====": only one sort of mark, three times or more.
bool is_rule(TextView line) {
    const char32_t mark = line[0];
    if (!contains(U"-*_=", mark)) return false;
    size_t marks = 0;
    for (const char32_t c : line) {
        if (c == mark) {
            ++marks;
        } else if (!is_space(c)) {
            return false;
        }
    }
    return marks >= 3;
}

bool is_table_rule(TextView line) {
    return contains(line, U'-') && contains(line, U'|') &&
           line.find_first_not_of(U"|-: +\t") == TextView::npos;
}

bool is_table_row(TextView line) {
    return line.front() == U'|' || (line.back() == U'|' && std::count(line.begin(), line.end(), U'|') >= 2);
}

// "[name]: https://..."
bool is_link_definition(TextView line) {
    const size_t close = line.find(U"]:");
    if (line[0] != U'[' || close == TextView::npos) return false;
    const TextView target = strip(line.substr(close + 2));
    return line[1] == U'^'
               ? false
               : starts_at(target, 0, U"http") || starts_at(target, 0, U"<") || starts_at(target, 0, U"/");
}

Text cells(TextView row) {
    Text out;
    for (size_t at = 0; at <= row.size();) {
        size_t end = at;
        while (end < row.size() && (row[end] != U'|' || (end > 0 && row[end - 1] == U'\\'))) ++end;
        const TextView cell = strip(row.substr(at, end - at));
        if (!cell.empty()) {
            if (!out.empty()) out += U", ";
            out += cell;
        }
        at = end + 1;
    }
    return out;
}

void remove_check_box(TextView& line) {
    if (line.size() >= 3 && line[0] == U'[' && contains(U" xX", line[1]) && line[2] == U']') {
        line = strip(line.substr(3));
    }
}

// The length of "1. " or "12) " at the start; such an item keeps its number.
size_t ordered_marker(TextView line, size_t& digits) {
    digits = digits_end(line, 0, 3);
    if (digits == 0 || digits > 2 || !contains(U".)", at_or_nul(line, digits))) return 0;
    return space_at(line, digits + 1) ? digits + 2 : 0;
}

// Takes heading, quote and list marks off; true when the line is a sentence of its own.
bool take_markers_off(TextView& line, Text& number) {
    bool own = false;
    for (bool again = true; again && !line.empty();) {
        again = false;
        const size_t hashes = run_length(line, 0, U'#');
        size_t digits = 0;
        if (hashes >= 1 && hashes <= 6 && (space_at(line, hashes) || hashes == line.size())) {
            line = strip(line.substr(hashes));
            while (!line.empty() && line.back() == U'#') line.remove_suffix(1);
            line = strip(line);
            own = again = true;
        } else if (line[0] == U'>' && !digit_at(line, 1)) {
            line = strip(line.substr(1));
            own = again = true;
        } else if (contains(kBullets, line[0]) && space_at(line, 1)) {
            line = strip(line.substr(1));
            remove_check_box(line);
            own = again = true;
        } else if (const size_t marker = ordered_marker(line, digits); marker > 0 && number.empty()) {
            number = line.substr(0, digits);
            line = strip(line.substr(marker));
            remove_check_box(line);
            own = again = true;
        }
    }
    return own;
}

// The last character that is not markup or a closing quote or bracket.
char32_t closing_mark(TextView line) {
    const size_t last = line.find_last_not_of(U"*_`~\"”’') ");
    return last == TextView::npos ? 0 : line[last];
}

bool ends_with_mark(TextView line) {
    return contains(U".,;:!?…—。！？", closing_mark(line));
}

// Collects lines; a paragraph's wrapped lines are joined again.
class Lines {
  public:
    void add_own(TextView line) {
        end_paragraph();
        if (line.empty()) return;
        out_ += line;
        if (!ends_with_mark(line)) out_ += U'.';
        out_ += U'\n';
    }

    void add_paragraph_line(TextView line) {
        if (!paragraph_.empty()) {
            const bool goes_on = is_lower(line[0]) || last_length_ >= kWrappedLine;
            const bool ended = contains(U".!?:…", closing_mark(paragraph_)) && !is_lower(line[0]);
            if (goes_on && !ended) {
                paragraph_ += U' ';
            } else {
                end_paragraph();
            }
        }
        paragraph_ += line;
        last_length_ = line.size();
    }

    void end_paragraph() {
        if (paragraph_.empty()) return;
        out_ += paragraph_;
        out_ += U'\n';
        paragraph_.clear();
    }

    Text take() {
        end_paragraph();
        if (!out_.empty()) out_.pop_back();
        return std::move(out_);
    }

  private:
    Text out_, paragraph_;
    size_t last_length_ = 0;
};

}  // namespace

Text lines_from_markdown(TextView text) {
    Lines out;
    Fence fence;
    for (size_t at = 0; at <= text.size();) {
        const size_t end = std::min(text.find_first_of(U"\n\r\u2028\u2029\v\f", at), text.size());
        TextView line = strip(text.substr(at, end - at));
        at = end + 1;
        if (fence.length > 0) {
            if (closes(line, fence)) fence = {};
            continue;
        }
        if (line.empty()) {
            out.end_paragraph();
            continue;
        }
        fence = fence_at(line);
        if (fence.length > 0 || is_rule(line) || is_table_rule(line) || is_link_definition(line)) {
            out.end_paragraph();
            continue;
        }
        Text number;
        const bool own = take_markers_off(line, number);
        if (line.empty()) continue;
        if (is_table_row(line)) {
            out.add_own(cells(line));
        } else if (!number.empty()) {
            out.add_own(number + U", " + Text(line));
        } else if (own) {
            out.add_own(line);
        } else {
            out.add_paragraph_line(line);
        }
    }
    return out.take();
}

}  // namespace coda::models::hibari
