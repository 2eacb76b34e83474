#include "runtime/step_rows.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

namespace coda::runtime {
namespace {

int conv_rows(int rows, int stride) {
    return rows == 0 ? 0 : (rows - 1) / stride + 1;
}

tl::unexpected<Error> refused(const Step& step, std::string what,
                              ErrorCode code = ErrorCode::invalid_argument) {
    return fail(code, std::move(what), fmt::format("step {}", step.name()));
}

// Follows rows from buffer to buffer; `selected` is what select_rows keeps of a given number.
template <class Selected>
class RowCounter {
  public:
    RowCounter(const Step& step, int first, Selected selected)
        : rows_(step.widths().size()), first_(first), selected_(selected) {
        for (const Op& op : step.ops()) std::visit(*this, op);
    }
    std::vector<int> take() { return std::move(rows_); }

    void operator()(const op::Embed& op) { at(op.out) = first_; }
    void operator()(const op::Input& op) { at(op.out) = first_; }
    void operator()(const op::Conv1d& op) { at(op.out) = conv_rows(at(op.x), op.stride); }
    void operator()(const op::SelectRows& op) { at(op.out) = selected_(at(op.x)); }
    void operator()(const op::MeanPool& op) { at(op.out) = std::min(at(op.x), 1); }
    void operator()(const op::AppendKv& op) { at(op.q) = at(op.qkv); }
    void operator()(const op::StoreKv&) {}
    void operator()(const op::Sample&) {}
    void operator()(const op::Attention& op) { at(op.out) = at(op.q); }
    void operator()(const op::SelfAttention& op) { at(op.out) = at(op.qkv); }
    template <class RowWise>
    void operator()(const RowWise& op) {
        at(op.out) = at(op.x);
    }

  private:
    int& at(Buffer buffer) { return rows_[static_cast<size_t>(buffer.id)]; }

    std::vector<int> rows_;
    int first_;
    Selected selected_;
};

Result<int> input_rows(const Step& step, const StepInput& input) {
    size_t rows = input.tokens.size();
    if (!step.takes_tokens()) {
        const auto width = static_cast<size_t>(step.widths()[0]);
        rows = input.features.size() / width;
        if (rows * width != input.features.size())
            return refused(step,
                           fmt::format("{} features are not whole rows of {}", input.features.size(), width));
    }
    if (rows == 0 || rows > static_cast<size_t>(step.max_rows()))
        return refused(step, fmt::format("got {} rows, takes 1 to {}", rows, step.max_rows()));
    return static_cast<int>(rows);
}

Status check_selection(const Step& step, const Rows& wanted, int rows) {
    if (wanted.kind != Rows::Kind::listed) return {};
    int previous = -1;
    for (const int row : wanted.list) {
        if (row <= previous || row >= rows)
            return refused(step, fmt::format("row {} was asked for, after {}, of {}", row, previous, rows));
        previous = row;
    }
    return {};
}

Status check_mask(const Step& step, std::span<const uint32_t> allowed, int vocabulary) {
    if (allowed.empty()) return {};
    if (allowed.size() * 32 < static_cast<size_t>(vocabulary))
        return refused(step,
                       fmt::format("the mask holds {} tokens, expected {}", allowed.size() * 32, vocabulary));
    for (int token = 0; token < vocabulary; ++token)
        if (allowed[static_cast<size_t>(token / 32)] >> (token % 32) & 1) return {};
    return refused(step, "the mask allows no token");
}

// The input against what one operation can hold.
class InputCheck {
  public:
    InputCheck(const Program& program, const Step& step, const StepInput& input, int length,
               const std::vector<int>& rows)
        : program_(program), step_(step), input_(input), length_(length), rows_(rows) {}

    Status operator()(const op::Embed& op) const {
        for (const int32_t token : input_.tokens)
            if (token < 0 || token >= op.table.shape.rows())
                return refused(step_, fmt::format("token {} is outside the vocabulary of {}", token,
                                                  op.table.shape.rows()));
        if (op.positions.empty()) return {};
        return check_room(length_ + at(op.out), op.positions.shape.rows(), "the position table");
    }
    Status operator()(const op::AddPositions& op) const {
        return check_room(at(op.x), op.table.shape.rows(), "the position table");
    }
    Status operator()(const op::AppendKv& op) const {
        return check_room(length_ + at(op.qkv), capacity(op.cache), "the cache");
    }
    Status operator()(const op::StoreKv& op) const {
        return check_room(at(op.kv), capacity(op.cache), "the cache");
    }
    Status operator()(const op::Sample& op) const {
        return check_mask(step_, input_.sampling.allowed, step_.widths()[static_cast<size_t>(op.logits.id)]);
    }
    template <class Other>
    Status operator()(const Other&) const {
        return {};
    }

  private:
    int at(Buffer buffer) const { return rows_[static_cast<size_t>(buffer.id)]; }
    int64_t capacity(Cache cache) const { return program_.caches()[static_cast<size_t>(cache.id)].capacity; }
    Status check_room(int64_t needed, int64_t there, const char* what) const {
        if (needed <= there) return {};
        return refused(step_, fmt::format("{} holds {} positions, {} are needed", what, there, needed),
                       ErrorCode::exhausted);
    }

    const Program& program_;
    const Step& step_;
    const StepInput& input_;
    int length_;
    const std::vector<int>& rows_;
};

int selected_count(const Rows& wanted, int rows) {
    switch (wanted.kind) {
        case Rows::Kind::last:
            return std::min(rows, 1);
        case Rows::Kind::none:
            return 0;
        case Rows::Kind::all:
            return rows;
        case Rows::Kind::listed:
            return static_cast<int>(wanted.list.size());
    }
    return 0;
}

}  // namespace

std::vector<int> selected_rows(const Rows& wanted, int rows) {
    if (wanted.kind == Rows::Kind::listed) return {wanted.list.begin(), wanted.list.end()};
    std::vector<int> selected(static_cast<size_t>(selected_count(wanted, rows)));
    std::iota(selected.begin(), selected.end(), rows - static_cast<int>(selected.size()));
    return selected;
}

Result<std::vector<int>> rows_of_run(const Program& program, const Step& step, const StepInput& input,
                                     int length) {
    CODA_TRY(const int first, input_rows(step, input));
    // select_rows stands where rows are still those of the input, except behind a convolution: checked as it
    // is met.
    std::vector<int> rows =
        RowCounter(step, first, [&](int have) { return selected_count(input.rows, have); }).take();
    for (const Op& op : step.ops()) {
        if (const auto* select = std::get_if<op::SelectRows>(&op))
            CODA_CHECK(check_selection(step, input.rows, rows[static_cast<size_t>(select->x.id)]));
        CODA_CHECK(std::visit(InputCheck(program, step, input, length, rows), op));
    }
    return rows;
}

std::vector<int> max_rows_of(const Step& step) {
    return RowCounter(step, step.max_rows(), [](int have) { return have; }).take();
}

}  // namespace coda::runtime
