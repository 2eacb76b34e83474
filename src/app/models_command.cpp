// coda models: what is installed, adding one's own, and whether a model fits this machine.
#include "app/command.h"
#include "app/confirm.h"
#include "app/loading.h"
#include "app/memory_plan.h"
#include "app/model_store.h"
#include "app/packaged_models.h"
#include "base/clock.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

namespace coda::app {
namespace {

std::string size_text(uint64_t bytes) {
    const double megabytes = static_cast<double>(bytes) / 1e6;
    if (megabytes >= 1000) return fmt::format("{:.1f} GB", megabytes / 1000);
    return megabytes < 10 ? fmt::format("{:.1f} MB", megabytes) : fmt::format("{:.0f} MB", megabytes);
}

// ---- list

int list(Context& context) {
    nlohmann::json packaged = nlohmann::json::array(), added = nlohmann::json::array();
    context.output.line("Packaged");
    for (const PackagedModel& model : packaged_models()) {
        const Status installed = model.installed();
        const std::string state = installed          ? "installed"
                                  : model.by_default ? "not installed: " + installed.error().mend
                                                     : "optional: " + installed.error().mend;
        context.output.line(fmt::format("  {:<22} {:<11} {:>7}  {:<38} {}", model.id, model.role,
                                        size_text(model.bytes()), model.licence, state));
        packaged.push_back({{"id", model.id},
                            {"role", model.role},
                            {"title", model.title},
                            {"package", model.package},
                            {"version", model.version},
                            {"licence", model.licence},
                            {"source", model.source},
                            {"bytes", model.bytes()},
                            {"path", model.folder().string()},
                            {"default", model.by_default},
                            {"installed", installed.has_value()}});
    }
    const Configuration& configuration = context.configuration;
    const auto in_use = [&](const AddedModel& model) {
        return configuration.engine.llm == model.path.string() || configuration.engine.stt == model.path;
    };
    context.output.line("Added");
    const std::vector<AddedModel> own = added_models();
    for (const AddedModel& model : own) {
        context.output.line(fmt::format("  {:<42} {:>7}  {}{}", one_line(model.name), size_text(model.bytes),
                                        in_use(model) ? "in use" : "",
                                        model.broken ? "its file is gone: " + model.target.string() : ""));
        added.push_back({{"name", model.name},
                         {"path", model.path.string()},
                         {"target", model.target.string()},
                         {"bytes", model.bytes},
                         {"broken", model.broken},
                         {"in_use", in_use(model)}});
    }
    if (own.empty()) context.output.line("  none (coda models add FILE)");
    context.output.object({{"packaged", packaged}, {"added", added}});
    return kOk;
}

// ---- add

struct AddOptions {
    std::string path;
    bool copy = false, sure = false;
};

// Whether this build really runs it: loads it and lets it work once.
Status try_out(Context& context, const ModelFile& model) {
    assistant::EngineConfig config = context.configuration.engine;
    config.load_llm = model.role == "llm";
    config.load_stt = model.role == "stt";
    config.load_tts = config.load_vad = false;
    if (config.load_llm) config.llm = model.path.string();
    if (config.load_stt) config.stt = model.path;
    CODA_TRY(auto engine, assistant::Engine::load(config));
    if (config.load_stt) return engine->stt ? Status() : tl::unexpected(engine->stt_error);
    if (!engine->llm) return tl::unexpected(engine->llm_error);
    CODA_TRY(auto session, engine->llm->new_session());
    models::Sampling sampling;
    sampling.max_tokens = 1;
    const models::Message message{models::Role::user, "Hello"};
    CODA_TRY(const auto stats, session->generate({&message, 1}, sampling, context.cancel,
                                                 [](std::string_view) { return true; }));
    (void)stats;
    return {};
}

Result<int> add(Context& context, const AddOptions& options) {
    CODA_TRY(const ModelFile model, inspect_model(options.path));
    context.output.note(fmt::format("{}: {} {}, {}; trying it out", model.path.filename().string(),
                                    model.format, model.architecture, size_text(model.bytes)));
    CODA_CHECK(try_out(context, model));
    const std::string role = model.role == "llm" ? "language model" : "speech recognition";
    CODA_TRY(const bool agreed, confirm(fmt::format("It works. Make it the {}?", role), options.sure));
    if (!agreed) {
        context.output.note("nothing was changed");
        return kFailed;
    }
    CODA_TRY(const AddedModel stored, store_model(model, options.copy));
    CODA_CHECK(change_setting(context.configuration_file, model.setting, stored.path.string()));
    context.output.line(fmt::format("{} is the {} now ({} in {}).", stored.name, role, model.setting,
                                    context.configuration_file.string()));
    context.output.object({{"name", stored.name},
                           {"path", stored.path.string()},
                           {"role", model.role},
                           {"format", model.format},
                           {"architecture", model.architecture},
                           {"bytes", model.bytes},
                           {"setting", model.setting},
                           {"configuration", context.configuration_file.string()}});
    return kOk;
}

// ---- remove

Result<int> remove(Context& context, const std::string& name, bool sure) {
    const std::vector<AddedModel> models = added_models();
    const auto found =
        std::find_if(models.begin(), models.end(), [&](const auto& model) { return model.name == name; });
    if (found == models.end()) {
        return fail(ErrorCode::not_found, "no such model was added", name,
                    "coda models list shows them; packaged ones go with script/uninstall");
    }
    CODA_TRY(const bool agreed, confirm("Remove " + found->path.string() + "?", sure));
    if (!agreed) return kFailed;
    CODA_CHECK(forget_model(*found));
    const std::string path = found->path.string();
    if (context.configuration.engine.llm == path)
        CODA_CHECK(change_setting(context.configuration_file, "llm.source", ""));
    if (context.configuration.engine.stt == path)
        CODA_CHECK(change_setting(context.configuration_file, "stt.model", ""));
    context.output.line("removed " + path);
    context.output.object({{"removed", path}});
    return kOk;
}

// ---- plan

Result<int> plan(Context& context, const std::string& path) {
    const int wanted = context.configuration.engine.llm_context;
    CODA_TRY(const MemoryPlan plan, plan_llm(path, wanted));
    context.output.line(fmt::format("{}: {} parameters, {} layers, trained for {} tokens", path,
                                    fmt::format("{:.0f} M", static_cast<double>(plan.parameters) / 1e6),
                                    plan.layers, plan.trained_context));
    context.output.line(fmt::format("  weights       {:>9}", size_text(plan.weight_bytes)));
    context.output.line(
        fmt::format("  KV cache      {:>9}  of {} tokens", size_text(plan.cache_bytes), plan.context));
    context.output.line(
        fmt::format("  available     {:>9}  {}", size_text(plan.available_bytes), plan.available_from));
    context.output.line(plan.fits() ? "It fits." : "It does not fit: take a smaller model or llm.context.");
    context.output.object({{"path", path},
                           {"parameters", plan.parameters},
                           {"layers", plan.layers},
                           {"context", plan.context},
                           {"trained_context", plan.trained_context},
                           {"weight_bytes", plan.weight_bytes},
                           {"cache_bytes", plan.cache_bytes},
                           {"available_bytes", plan.available_bytes},
                           {"available_from", plan.available_from},
                           {"fits", plan.fits()}});
    return plan.fits() ? kOk : kFailed;
}

template <class Function>
Commands::Run reporting(Function function) {
    return [function](Context& context) {
        const Result<int> status = function(context);
        return status ? *status : context.output.fail(status.error());
    };
}

}  // namespace

void add_models(Commands& commands) {
    CLI::App* models = commands.root().add_subcommand("models", "What is installed; adding one's own");
    models->require_subcommand(0, 1);
    commands.on(models, list);
    commands.on(models->add_subcommand("list", "Packaged and added models"), list);

    auto add_options = std::make_shared<AddOptions>();
    CLI::App* add_command = models->add_subcommand("add", "Use your own GGUF, or another Whisper");
    add_command
        ->add_option("FILE", add_options->path,
                     "A GGUF, a whisper.cpp file, or a folder in CTranslate2's format")
        ->required();
    add_command->add_flag("--copy", add_options->copy, "Copy it instead of linking to it");
    add_command->add_flag("--yes", add_options->sure, "Do not ask");
    commands.on(add_command,
                reporting([add_options](Context& context) { return add(context, *add_options); }));

    auto removed = std::make_shared<std::string>();
    auto sure = std::make_shared<bool>(false);
    CLI::App* remove_command = models->add_subcommand("remove", "Forget an added model; a linked file stays");
    remove_command->add_option("NAME", *removed, "As coda models list shows it")->required();
    remove_command->add_flag("--yes", *sure, "Do not ask");
    commands.on(remove_command,
                reporting([=](Context& context) { return remove(context, *removed, *sure); }));

    auto planned = std::make_shared<std::string>();
    CLI::App* plan_command = models->add_subcommand("plan", "Before loading: how much memory, does it fit");
    plan_command->add_option("FILE", *planned, "A GGUF")->required();
    commands.on(plan_command, reporting([planned](Context& context) { return plan(context, *planned); }));
}

}  // namespace coda::app
