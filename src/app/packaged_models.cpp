#include "app/packaged_models.h"

#include "base/paths.h"
#include "base/toml.h"

#include <fmt/format.h>

namespace coda::app {
namespace {

std::string text(const toml::table& table, const char* key) {
    return table[key].value_or(std::string());
}

PackagedModel read_model(const toml::table& table) {
    PackagedModel model;
    model.id = text(table, "id");
    model.role = text(table, "role");
    model.title = text(table, "title");
    model.package = text(table, "package");
    model.version = text(table, "version");
    model.licence = text(table, "licence");
    model.source = text(table, "source");
    model.by_default = table["default"].value_or(true);
    const toml::array* files = table["file"].as_array();
    CODA_ASSERT(files);
    for (const toml::node& node : *files) {
        const toml::table& file = *node.as_table();
        model.files.push_back({text(file, "file"), text(file, "sha256"),
                               static_cast<uint64_t>(file["size"].value_or(int64_t{0}))});
    }
    return model;
}

}  // namespace

uint64_t PackagedModel::bytes() const {
    uint64_t sum = 0;
    for (const PackagedFile& file : files) sum += file.size;
    return sum;
}

std::filesystem::path PackagedModel::folder() const {
    return paths::model_dir(id);
}

Status PackagedModel::installed() const {
    for (const PackagedFile& file : files) {
        const std::filesystem::path path = folder() / file.file;
        std::error_code missing;
        const uintmax_t size = std::filesystem::file_size(path, missing);
        const std::string mend = by_default ? "run script/bootstrap" : "run script/fetch-models " + id;
        if (missing) return fail(ErrorCode::not_found, "the model is not installed", path.string(), mend);
        if (size != file.size) {
            return fail(ErrorCode::bad_format, fmt::format("has {} bytes instead of {}", size, file.size),
                        path.string(), mend);
        }
    }
    return {};
}

std::vector<PackagedModel> packaged_models() {
    // Part of this program, not input: that it is right is the build's business.
    const toml::parse_result parsed = toml::parse(std::string_view(kModelsToml));
    CODA_ASSERT(parsed.succeeded());
    const toml::array* entries = parsed.table()["model"].as_array();
    CODA_ASSERT(entries);
    std::vector<PackagedModel> models;
    for (const toml::node& node : *entries) models.push_back(read_model(*node.as_table()));
    return models;
}

}  // namespace coda::app
