// coda models: what is installed, adding one's own, and whether a model fits this machine.
#include "app/command.h"
#include "app/confirm.h"
#include "app/loading.h"
#include "app/machine_speed.h"
#include "app/model_store.h"
#include "app/packaged_models.h"
#include "app/text_input.h"
#include "models/catalog/find.h"
#include "models/llm/activation_check.h"

#include <algorithm>
#include <charconv>
#include <memory>

#include <fmt/format.h>
#include <unistd.h>

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
        return configuration.engine.llm.source == model.path.string() ||
               configuration.engine.stt.model == model.path;
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
    std::string path, name;
    bool copy = false, sure = false;
};

bool is_llm(const models::ModelPlan& plan) {
    return plan.role == models::ModelRole::llm;
}
const char* setting_of(const models::ModelPlan& plan) {
    return is_llm(plan) ? "llm.source" : "stt.model";
}
const char* title_of(const models::ModelPlan& plan) {
    return is_llm(plan) ? "language model" : "speech recognition";
}

std::string described(const models::ModelPlan& plan) {
    return fmt::format("{} {}, {:.0f} M parameters, {}", plan.format, plan.architecture,
                       static_cast<double>(plan.parameters) / 1e6, size_text(plan.needed_bytes()));
}

// What the file is, where this build runs it and it fits.
Result<models::ModelPlan> usable_plan(Context& context, const std::string& path) {
    CODA_TRY(const models::ModelPlan plan,
             models::plan_model(path, context.configuration.engine.llm.context));
    if (!plan.supported) {
        return fail(ErrorCode::unsupported, plan.reason, path,
                    "coda models find lists what this build can use");
    }
    if (!plan.fits()) {
        return fail(ErrorCode::exhausted,
                    fmt::format("needs {}, and {} has {} free", size_text(plan.needed_bytes()),
                                plan.available.of, size_text(plan.available.bytes)),
                    path, "take a smaller model, or a smaller llm.context");
    }
    return plan;
}

// Whether it really works: loads it and lets the language model say a token.
Status try_out(Context& context, const models::ModelPlan& plan, const std::string& path) {
    assistant::EngineConfig config = context.configuration.engine;
    config.load_llm = is_llm(plan);
    config.load_stt = !config.load_llm;
    config.load_tts = config.load_vad = false;
    if (config.load_llm) config.llm.source = path;
    if (config.load_stt) config.stt.model = path;
    CODA_TRY(auto engine, assistant::Engine::load(config));
    if (config.load_stt) return engine->stt ? Status() : tl::unexpected(engine->stt_error);
    if (!engine->llm) return tl::unexpected(engine->llm_error);
    CODA_TRY(auto session, engine->llm->new_session());
    models::Sampling sampling;
    sampling.max_tokens = 1;
    const models::Message message{models::Role::user, "Hello"};
    const auto stats =
        session->generate({&message, 1}, sampling, context.cancel, [](std::string_view) { return true; });
    return stats ? Status() : tl::unexpected(stats.error());
}

Result<int> add(Context& context, const AddOptions& options) {
    CODA_TRY(const models::ModelPlan plan, usable_plan(context, options.path));
    context.output.progress(options.path + ": " + described(plan) + "; trying it out ...");
    CODA_CHECK(try_out(context, plan, options.path));
    const std::string question =
        fmt::format("{}: {}. It works. Make it the {}?", options.path, described(plan), title_of(plan));
    CODA_TRY(const bool agreed, confirm(question, options.sure));
    if (!agreed) {
        context.output.note("nothing was changed");
        return kFailed;
    }
    CODA_TRY(const AddedModel stored, store_model(options.path, options.name, options.copy));
    CODA_CHECK(change_setting(context.configuration_file, setting_of(plan), stored.path.string()));
    context.output.line(fmt::format("{} is the {} now ({} in {}).", stored.name, title_of(plan),
                                    setting_of(plan), context.configuration_file.string()));
    if (is_llm(plan)) {
        context.output.note(
            fmt::format("coda models check {} finds out whether it may run faster, with 8 bits of "
                        "activation; that takes a minute",
                        stored.path.string()));
    }
    context.output.object({{"name", stored.name},
                           {"path", stored.path.string()},
                           {"role", models::to_string(plan.role)},
                           {"format", plan.format},
                           {"architecture", plan.architecture},
                           {"bytes", stored.bytes},
                           {"setting", setting_of(plan)},
                           {"configuration", context.configuration_file.string()}});
    return kOk;
}

// ---- find

nlohmann::json to_json(const models::ModelPlan& plan) {
    return {{"role", models::to_string(plan.role)},
            {"format", plan.format},
            {"architecture", plan.architecture},
            {"quantization", plan.quantization},
            {"parameters", plan.parameters},
            {"supported", plan.supported},
            {"reason", plan.reason},
            {"context", plan.context},
            {"trained_context", plan.trained_context},
            {"weight_bytes", plan.weight_bytes},
            {"cache_bytes", plan.cache_bytes},
            {"activation_bytes", plan.activation_bytes},
            {"available_bytes", plan.available.bytes},
            {"available_of", plan.available.of},
            {"fits", plan.fits()}};
}

std::string judgement(const models::FoundModel& model) {
    if (!model.problem.empty()) return model.problem;
    if (model.is_server()) return "a server, model by model";
    if (!model.plan) return "not looked into";
    if (!model.plan->supported) return "not with this build: " + model.plan->reason;
    return described(*model.plan) + (model.plan->fits() ? ", fits" : ", does not fit");
}

Result<int> use_found(Context& context, const models::FoundModel& model) {
    if (!model.is_server()) {
        return add(context, {.path = model.path.string(), .name = model.name, .copy = false, .sure = true});
    }
    CODA_CHECK(change_setting(context.configuration_file, "llm.source", "openai:" + model.url));
    CODA_CHECK(change_setting(context.configuration_file, "llm.model", model.name));
    context.output.line(fmt::format("{} at {} is the language model now.", model.name, model.url));
    return kOk;
}

// Offers what was found by number; an empty answer takes none.
Result<int> offer(Context& context, const std::vector<models::FoundModel>& usable) {
    std::fputs("Use which one? (number, or Enter for none) ", stderr);
    LineReader lines;
    std::string answer;
    if (lines.next(answer, context.cancel) != LineReader::Status::line) return kOk;
    size_t number = 0;
    const auto parsed = std::from_chars(answer.data(), answer.data() + answer.size(), number);
    if (parsed.ec != std::errc() || number < 1 || number > usable.size()) return kOk;
    return use_found(context, usable[number - 1]);
}

Result<int> find(Context& context) {
    models::FindOptions options;
    options.context = context.configuration.engine.llm.context;
    options.cancel = context.cancel;
    context.output.progress("looking ...");
    const std::vector<models::FoundModel> found = models::find_models(options);
    context.output.progress("");
    nlohmann::json all = nlohmann::json::array();
    std::vector<models::FoundModel> usable;
    for (const models::FoundModel& model : found) {
        const bool offered = model.usable() && (model.is_server() || model.plan->fits());
        if (offered) usable.push_back(model);
        const std::string number = offered ? fmt::format("{:>3}", usable.size()) : "  -";
        context.output.line(fmt::format("{} {:<12} {:<44} {}", number, model.source, one_line(model.name),
                                        one_line(judgement(model))));
        all.push_back({{"source", model.source},
                       {"name", model.name},
                       {"path", model.path.string()},
                       {"url", model.url},
                       {"bytes", model.bytes},
                       {"plan", model.plan ? to_json(*model.plan) : nlohmann::json()},
                       {"problem", model.problem},
                       {"usable", offered}});
    }
    context.output.object({{"found", all}});
    if (found.empty())
        context.output.line("No other program's models are on this disk, and no server answers.");
    const bool can_ask = !context.output.json() && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    return !usable.empty() && can_ask ? offer(context, usable) : kOk;
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
    if (context.configuration.engine.llm.source == path)
        CODA_CHECK(change_setting(context.configuration_file, "llm.source", ""));
    if (context.configuration.engine.stt.model == path)
        CODA_CHECK(change_setting(context.configuration_file, "stt.model", ""));
    context.output.line("removed " + path);
    context.output.object({{"removed", path}});
    return kOk;
}

// ---- plan

// Every token reads all that it multiplies once: memory is the bound, and half the cache is what is read on
// average.
void expect_speed(Context& context, const models::ModelPlan& plan, nlohmann::json& object) {
    context.output.progress("measuring this machine ...");
    const auto speed = machine_speed(context.configuration.engine.runtime.threads, Remembered::yes);
    context.output.progress("");
    if (!speed) return context.output.note(speed.error().message());
    const double bytes = static_cast<double>(plan.bytes_per_token + plan.cache_bytes / 2);
    const double limit = speed->read_bytes_per_second / bytes;
    context.output.line(fmt::format("  speed        {:>9}  tokens/s at most, estimated: {}",
                                    fmt::format("{:.0f}", limit), speed->text()));
    object["expected_tokens_per_second"] = limit;
    object["expected_from"] = {{"read_bytes_per_second", speed->read_bytes_per_second},
                               {"bytes_per_token", plan.bytes_per_token},
                               {"threads", speed->threads},
                               {"measured", speed->date},
                               {"kind", "estimated"}};
}

std::string rounding(double kl) {
    return kl == 0 ? std::string("-") : fmt::format("{:.1e}", kl);
}

nlohmann::json to_json(const models::llm::ActivationCheck& check) {
    nlohmann::json parts = nlohmann::json::array();
    for (const auto& part : check.parts)
        parts.push_back({{"name", part.name}, {"kl", part.kl}, {"error", part.error}, {"int8", part.int8}});
    return {{"checked", true},
            {"date", check.date},
            {"positions", check.positions},
            {"bound", models::llm::ActivationCheck::kBound},
            {"kl_int8", check.kl_all},
            {"kl_int8_error", check.error_all},
            {"kl", check.kl},
            {"kl_error", check.error},
            {"int8_share", check.share},
            {"parts", parts}};
}

Result<std::unique_ptr<runtime::Backend>> cpu_backend(const Context& context) {
    return runtime::create_cpu_backend({.threads = context.configuration.engine.runtime.threads});
}

// Which activations the CPU would use, from what a check has kept.
void activations(Context& context, const std::string& path, nlohmann::json& object) {
    const auto weights = runtime::Weights::open(path);
    const auto backend = cpu_backend(context);
    if (!weights || !backend) return;
    const auto check = models::llm::kept_activation_check(**weights, **backend);
    context.output.line("  rounding     " +
                        (check ? check->text() : "16 bits: not checked yet (coda models check FILE)"));
    object["activations"] = check ? to_json(*check) : nlohmann::json{{"checked", false}, {"int8_share", 0}};
}

// Measures what 8 bits would do to the distributions of a language model's next token, and keeps the verdict.
Result<int> check(Context& context, const std::string& path) {
    CODA_TRY(const models::ModelPlan plan, usable_plan(context, path));
    if (!is_llm(plan))
        return fail(ErrorCode::invalid_argument, "is not a language model", path, "give a GGUF");
    CODA_TRY(const auto backend, cpu_backend(context));
    context.output.progress("checking " + path + " ...");
    const auto progress = [&](double share) {
        context.output.progress(fmt::format("checking {}: {:.0f} %", path, 100 * share));
    };
    const auto checked = models::llm::check_model_activations(path, *backend, context.cancel, progress);
    context.output.progress("");
    if (!checked) return tl::unexpected(checked.error());
    for (const auto& part : checked->parts)
        context.output.line(fmt::format("  {:<24} KL {:>8}  {}", part.name, rounding(part.kl),
                                        part.int8 ? "8 bits" : "16 bits"));
    context.output.line(checked->text());
    nlohmann::json object = to_json(*checked);
    object["path"] = path;
    object["device"] = backend->description();
    context.output.object(object);
    return kOk;
}

Result<int> plan(Context& context, const std::string& path) {
    CODA_TRY(const models::ModelPlan plan,
             models::plan_model(path, context.configuration.engine.llm.context));
    context.output.line(fmt::format("{}: {} {} {}, {:.0f} M parameters", path, plan.format, plan.architecture,
                                    plan.quantization, static_cast<double>(plan.parameters) / 1e6));
    context.output.line(fmt::format("  weights      {:>9}", size_text(plan.weight_bytes)));
    nlohmann::json object = to_json(plan);
    object["path"] = path;
    if (is_llm(plan)) {
        context.output.line(
            fmt::format("  KV cache     {:>9}  for {} tokens", size_text(plan.cache_bytes), plan.context));
        context.output.line(fmt::format("  activations  {:>9}", size_text(plan.activation_bytes)));
    }
    context.output.line(
        fmt::format("  free         {:>9}  of {}", size_text(plan.available.bytes), plan.available.of));
    if (plan.supported && is_llm(plan)) activations(context, path, object);
    if (plan.supported && plan.bytes_per_token > 0) expect_speed(context, plan, object);
    context.output.line(!plan.supported ? "This build does not run it: " + plan.reason
                        : plan.fits()   ? "It fits."
                                        : "It does not fit: take a smaller model, or a smaller llm.context.");
    context.output.object(object);
    return plan.supported && plan.fits() ? kOk : kFailed;
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
    add_command->add_option("--name", add_options->name, "What to call it")->type_name("NAME");
    add_command->add_flag("--copy", add_options->copy, "Copy it instead of linking to it");
    add_command->add_flag("--yes", add_options->sure, "Do not ask");
    commands.on(add_command,
                reporting([add_options](Context& context) { return add(context, *add_options); }));

    CLI::App* find_command =
        models->add_subcommand("find", "What other programs have on this disk, and local servers");
    commands.on(find_command, reporting(find));

    auto removed = std::make_shared<std::string>();
    auto sure = std::make_shared<bool>(false);
    CLI::App* remove_command = models->add_subcommand("remove", "Forget an added model; a linked file stays");
    remove_command->add_option("NAME", *removed, "As coda models list shows it")->required();
    remove_command->add_flag("--yes", *sure, "Do not ask");
    commands.on(remove_command,
                reporting([=](Context& context) { return remove(context, *removed, *sure); }));

    auto planned = std::make_shared<std::string>();
    CLI::App* plan_command = models->add_subcommand("plan", "Before loading: how much memory, does it fit");
    plan_command->add_option("FILE", *planned, "A GGUF, or a Whisper")->required();
    commands.on(plan_command, reporting([planned](Context& context) { return plan(context, *planned); }));

    auto checked = std::make_shared<std::string>();
    CLI::App* check_command =
        models->add_subcommand("check", "Whether 8 bits of activation keep a language model's answers");
    check_command->add_option("FILE", *checked, "A GGUF")->required();
    commands.on(check_command, reporting([checked](Context& context) { return check(context, *checked); }));
}

}  // namespace coda::app
