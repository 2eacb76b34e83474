#include "memory/salvage.h"

#include "base/file_map.h"
#include "memory/database.h"
#include "memory/wording.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace coda::memory {
namespace {

constexpr int64_t kHighestId = 10 * static_cast<int64_t>(Store::kMaxFacts);  // that is asked for by number
constexpr uint64_t kMaxPayload = 4 * Store::kMaxText;
constexpr size_t kHeader = 100;  // of the file, before the first page's own
constexpr std::byte kLeaf{0x0D};

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
    return out;
}

std::chrono::system_clock::time_point at_ms(int64_t ms) {
    return std::chrono::system_clock::time_point(std::chrono::milliseconds(ms));
}

// Reads forward through bytes; every read is checked, and a failed one gives nothing.
class Reader {
  public:
    explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

    // SQLite's variable-length integer, at most nine bytes.
    std::optional<uint64_t> varint() {
        uint64_t value = 0;
        for (int i = 0; i < 9; ++i) {
            if (at_ >= bytes_.size()) return std::nullopt;
            const auto byte = static_cast<uint64_t>(bytes_[at_++]);
            if (i == 8) return value << 8 | byte;
            value = value << 7 | (byte & 0x7F);
            if (!(byte & 0x80)) return value;
        }
        return std::nullopt;
    }
    std::optional<std::span<const std::byte>> take(uint64_t count) {
        if (count > bytes_.size() - at_) return std::nullopt;
        const auto out = bytes_.subspan(at_, static_cast<size_t>(count));
        at_ += static_cast<size_t>(count);
        return out;
    }
    size_t at() const { return at_; }

  private:
    std::span<const std::byte> bytes_;
    size_t at_ = 0;
};

uint32_t big_endian(std::span<const std::byte> bytes) {
    uint32_t out = 0;
    for (const std::byte byte : bytes) out = out << 8 | static_cast<uint32_t>(byte);
    return out;
}

std::optional<std::string> text_column(Reader& body, uint64_t type) {
    if (type < 13 || type % 2 == 0) return std::nullopt;
    const auto bytes = body.take((type - 13) / 2);
    if (!bytes) return std::nullopt;
    return std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size());
}

std::optional<int64_t> integer_column(Reader& body, uint64_t type) {
    static constexpr uint64_t kWidths[] = {0, 1, 2, 3, 4, 6, 8};
    if (type < 1 || type > 6) return std::nullopt;
    const auto bytes = body.take(kWidths[type]);
    if (!bytes) return std::nullopt;
    uint64_t value = std::to_integer<int>((*bytes)[0]) & 0x80 ? ~uint64_t{0} : 0;
    for (const std::byte byte : *bytes) value = value << 8 | static_cast<uint64_t>(byte);
    return static_cast<int64_t>(value);
}

// A row of the table facts: id (kept as the row's number), text, words, key, source, told.
std::optional<Fact> fact_in(int64_t id, std::span<const std::byte> payload) {
    Reader header(payload);
    const auto header_size = header.varint();
    if (!header_size || *header_size > payload.size()) return std::nullopt;
    uint64_t types[6];
    for (uint64_t& type : types) {
        const auto read = header.varint();
        if (!read || header.at() > *header_size) return std::nullopt;
        type = *read;
    }
    if (types[0] != 0) return std::nullopt;
    Reader body(payload.subspan(static_cast<size_t>(*header_size)));
    const auto text = text_column(body, types[1]), words = text_column(body, types[2]),
               key = text_column(body, types[3]), source = text_column(body, types[4]);
    const auto told = integer_column(body, types[5]);
    if (!text || !words || !key || !source || !told || id <= 0) return std::nullopt;
    const bool agrees =
        !words->empty() && *words == joined(words_of(*text)) && text->size() <= Store::kMaxText;
    if (!agrees) return std::nullopt;
    return Fact{id, *text, *source, at_ms(*told), importance_of(*source)};
}

class PageScan {
  public:
    explicit PageScan(std::span<const std::byte> file) : file_(file) {
        if (file.size() >= kHeader) size_ = big_endian(file.subspan(16, 2));
        if (size_ == 1) size_ = 65536;
        if (size_ < 512 || size_ > 65536 || (size_ & (size_ - 1)) != 0) size_ = 4096;
    }

    std::vector<Fact> run() {
        for (size_t begin = 0; begin + size_ <= file_.size(); begin += size_)
            scan(file_.subspan(begin, size_), begin == 0 ? kHeader : 0);
        return std::move(facts_);
    }

  private:
    void scan(std::span<const std::byte> page, size_t start) {
        if (page[start] != kLeaf) return;
        const size_t cells = big_endian(page.subspan(start + 3, 2));
        for (size_t i = 0; i < cells && start + 8 + 2 * i + 2 <= page.size(); ++i) {
            const size_t at = big_endian(page.subspan(start + 8 + 2 * i, 2));
            if (at >= page.size()) continue;
            Reader cell(page.subspan(at));
            const auto size = cell.varint(), id = cell.varint();
            if (!size || !id || *size > kMaxPayload) continue;
            const auto payload = whole_payload(page.subspan(at + cell.at()), *size);
            if (!payload) continue;
            if (auto fact = fact_in(static_cast<int64_t>(*id), *payload)) facts_.push_back(std::move(*fact));
        }
    }

    // The payload of a cell whose local part begins `rest`, with what overflowed into other pages.
    std::optional<std::vector<std::byte>> whole_payload(std::span<const std::byte> rest,
                                                        uint64_t size) const {
        const uint64_t most = size_ - 35, least = (size_ - 12) * 32 / 255 - 23;
        uint64_t local = size;
        if (size > most) {
            local = least + (size - least) % (size_ - 4);
            if (local > most) local = least;
        }
        if (local > rest.size()) return std::nullopt;
        std::vector<std::byte> out(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(local));
        if (local == size) return out;
        if (rest.size() - local < 4) return std::nullopt;
        uint64_t next = big_endian(rest.subspan(static_cast<size_t>(local), 4));
        while (out.size() < size) {  // each round adds bytes, so it ends
            if (next < 2 || next > file_.size() / size_) return std::nullopt;
            const auto page = file_.subspan(static_cast<size_t>(next - 1) * size_, size_);
            const size_t count = std::min<size_t>(size_ - 4, static_cast<size_t>(size) - out.size());
            out.insert(out.end(), page.begin() + 4, page.begin() + 4 + static_cast<std::ptrdiff_t>(count));
            next = big_endian(page.subspan(0, 4));
        }
        return out;
    }

    std::span<const std::byte> file_;
    size_t size_ = 4096;
    std::vector<Fact> facts_;
};

// What SQLite finds, and the ids of which it says for certain that they are not there.
struct Found {
    std::map<int64_t, Fact> facts;
    std::set<int64_t> absent;
};

Found ask_rows(const std::filesystem::path& path) {
    Found out;
    auto database = Database::open(path, Database::Mode::read);
    if (!database) return out;
    int64_t last = 0;
    for (const char* asked :
         {"SELECT max(id) FROM facts", "SELECT seq FROM sqlite_sequence WHERE name = 'facts'"})
        if (const auto found = database->integer(asked)) last = std::max(last, *found);
    auto query = database->query("SELECT text, source, told FROM facts WHERE id = ?");
    if (!query) return out;
    for (int64_t id = 1; id <= std::min(last, kHighestId); ++id) {
        const auto row = query->bind(1, id).step();
        if (row && *row)
            out.facts[id] = {id, query->text(0), query->text(1), at_ms(query->integer(2)),
                             importance_of(query->text(1))};
        else if (row)
            out.absent.insert(id);
        query->reset();
    }
    return out;
}

}  // namespace

std::vector<Fact> scan_pages(std::span<const std::byte> file) {
    return PageScan(file).run();
}

Result<std::vector<Fact>> salvage(const std::filesystem::path& path) {
    CODA_TRY(const FileMap file, FileMap::open(path));
    Found found = ask_rows(path);
    for (Fact& fact : scan_pages(file.bytes()))
        if (!found.absent.count(fact.id)) found.facts.try_emplace(fact.id, std::move(fact));
    std::vector<Fact> out;
    for (auto& [id, fact] : found.facts)
        if (!words_of(fact.text).empty() && fact.text.size() <= Store::kMaxText)
            out.push_back(std::move(fact));
    return out;
}

}  // namespace coda::memory
