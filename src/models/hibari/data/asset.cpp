#include "models/hibari/data/asset.h"

#include "base/file_map.h"

#include <cstring>

#include <zlib.h>

namespace coda::models::hibari {

namespace {

constexpr size_t kMaxInflated = size_t{256} << 20;

struct Inflater {
    z_stream stream{};
    bool ready = inflateInit2(&stream, 15 + 16) == Z_OK;  // 16: expect a gzip header
    ~Inflater() {
        if (ready) inflateEnd(&stream);
    }
};

// The last four bytes of a gzip file hold its length modulo 2^32; a hint only, as the file may lie.
size_t declared_size(std::string_view bytes) {
    if (bytes.size() < 18) return 0;
    const auto* tail = reinterpret_cast<const unsigned char*>(bytes.data() + bytes.size() - 4);
    return static_cast<size_t>(tail[0]) | static_cast<size_t>(tail[1]) << 8 |
           static_cast<size_t>(tail[2]) << 16 | static_cast<size_t>(tail[3]) << 24;
}

}  // namespace

tl::unexpected<Error> bad_table(const std::string& name, const std::string& what) {
    return fail(ErrorCode::bad_format, what, name, "fetch the voice again: script/bootstrap --repair");
}

Result<std::string> gunzip(std::string_view bytes, const std::string& name) {
    Inflater inflater;
    if (!inflater.ready) return fail(ErrorCode::exhausted, "zlib cannot start", name);
    z_stream& z = inflater.stream;
    // deflate shrinks at most about 1032-fold, which bounds what a lying size can make us reserve.
    const size_t plausible = std::min(bytes.size() * 1032 + 64, kMaxInflated);
    std::string out(std::min(declared_size(bytes), plausible) + 64, '\0');
    size_t used = 0;
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    z.avail_in = static_cast<uInt>(bytes.size());
    for (;;) {
        z.next_out = reinterpret_cast<Bytef*>(out.data() + used);
        z.avail_out = static_cast<uInt>(out.size() - used);
        const int rc = inflate(&z, Z_NO_FLUSH);
        used = out.size() - z.avail_out;
        if (rc == Z_STREAM_END) break;
        if (rc == Z_BUF_ERROR || (rc == Z_OK && z.avail_in == 0 && z.avail_out > 0)) {
            return bad_table(name, "the gzip data is cut short");
        }
        if (rc != Z_OK) return bad_table(name, "the gzip data is damaged");
        if (z.avail_out == 0) {
            if (out.size() >= kMaxInflated) return bad_table(name, "the table is too large");
            out.resize(std::min(out.size() * 2, kMaxInflated));
        }
    }
    out.resize(used);
    return out;
}

Result<std::string> read_asset(const std::filesystem::path& file) {
    CODA_TRY(std::string bytes, read_file(file, kMaxInflated));
    if (file.extension() != ".gz") return bytes;
    return gunzip(bytes, file.string());
}

Result<nlohmann::ordered_json> parse_json(std::string_view text, const std::string& name) {
    auto json = nlohmann::ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (json.is_discarded()) return bad_table(name, "not valid JSON");
    if (!json.is_object()) return bad_table(name, "not a JSON object");
    return json;
}

Result<nlohmann::ordered_json> read_json(const std::filesystem::path& file) {
    CODA_TRY(const std::string text, read_asset(file));
    return parse_json(text, file.string());
}

}  // namespace coda::models::hibari
