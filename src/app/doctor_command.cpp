// coda doctor: is everything well, and how to mend what is not.
#include "app/command.h"
#include "app/doctor_checks.h"
#include "app/machine_checks.h"
#include "app/turn_json.h"

#include <fmt/format.h>

namespace coda::app {
namespace {

class Report {
  public:
    explicit Report(Output& output) : output_(output) {}

    void run(Component& component) {
        output_.progress("checking " + component.name() + " ...");
        for (const CheckResult& result : component.check()) add(component.name(), result);
    }

    void add(const std::string& component, const CheckResult& result) {
        well_ = well_ && result.health != Health::failed;
        output_.line(
            fmt::format("{:<8} {:<24} {}", to_string(result.health), result.id, one_line(result.message)));
        if (result.health != Health::ok && !result.mend.empty())
            output_.line(fmt::format("{:<34}{}", "", "-> " + result.mend));
        checks_.push_back({{"component", component},
                           {"id", result.id},
                           {"health", to_string(result.health)},
                           {"message", result.message},
                           {"mend", result.mend},
                           {"ms", result.milliseconds}});
    }

    bool well() const { return well_; }
    const nlohmann::json& checks() const { return checks_; }

  private:
    Output& output_;
    nlohmann::json checks_ = nlohmann::json::array();
    bool well_ = true;
};

int run(Context& context) {
    Report report(context.output);
    for (const auto& component : machine_components()) report.run(*component);
    for (const auto& component : standing_components(context)) report.run(*component);
    nlohmann::json device = nullptr;
    if (context.configuration_errors().empty()) {
        context.output.progress("loading the models ...");
        assistant::EngineConfig config = context.configuration.engine;
        config.load_embeddings = context.configuration.memory.enabled;
        const auto engine = assistant::Engine::load(config);
        if (engine) {
            device = to_json((*engine)->device());
            for (const auto& component : working_components(context, **engine)) {
                if (context.cancel.cancelled()) return kFailed;
                report.run(*component);
            }
            context.output.line(
                fmt::format("device   {} ({})", (*engine)->device().name, (*engine)->device().reason));
        } else {
            report.add("llm",
                       {"engine.loads", Health::failed, engine.error().message(), engine.error().mend, 0});
        }
    }
    context.output.line(report.well() ? "All is well."
                                      : "Something is wrong; the lines with -> say how to mend it.");
    context.output.object({{"ok", report.well()}, {"checks", report.checks()}, {"device", device}});
    return report.well() ? kOk : kFailed;
}

}  // namespace

void add_doctor(Commands& commands) {
    CLI::App* doctor = commands.root().add_subcommand("doctor", "Is everything well, and how to mend it");
    commands.on(doctor, run);
    commands.allow_wrong_configuration(doctor);
}

}  // namespace coda::app
