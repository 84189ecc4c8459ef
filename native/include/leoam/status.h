// Errors as values. Everything in the engine that can fail returns Status or
// Result<T>; success costs no allocation. Exceptions appear only at the Node-API edge.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace leoam {

enum class StatusCode {
  kOk = 0,
  kCancelled,        // the caller's cancellation flag was set
  kNotFound,         // no such segment, file or tensor
  kCorruption,       // a checksum or an invariant of stored data does not hold
  kInvalidArgument,  // the caller's mistake; the message says which argument and why
  kUnsupported,      // valid input that this engine does not handle (architecture, type)
  kIo,               // the operating system refused a read or write
  kNoSpace,          // the disk or the byte budget is full
  kTooNew,           // stored by a newer version of the format
  kOutOfRange,       // more tokens than the buffer or the model's window holds
  kDisposed,         // used after dispose
  kInternal,         // a bug of ours; never caused by input
};

// Stable lower-case name, e.g. "cancelled"; it becomes the `code` of JavaScript errors.
std::string_view StatusCodeName(StatusCode code);

// The outcome of an operation. `message` is one sentence for people: what is wrong,
// where, and what to do where that is known. Copyable, cheap when ok.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {
    assert(code != StatusCode::kOk);
  }

  static Status Ok() { return {}; }

  bool ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
};

// A value or the Status that says why there is none. Reading the value of a failed
// Result is a bug (asserted).
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}         // NOLINT(google-explicit-constructor)
  Result(Status status) : status_(std::move(status)) {  // NOLINT(google-explicit-constructor)
    assert(!status_.ok());
  }

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }
  T& value() & {
    assert(ok());
    return *value_;
  }
  const T& value() const& {
    assert(ok());
    return *value_;
  }
  T&& value() && {
    assert(ok());
    return std::move(*value_);
  }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }

 private:
  Status status_;
  std::optional<T> value_;
};

}  // namespace leoam

// Returns early from a function that returns Status or Result<T>.
#define LEOAM_RETURN_IF_ERROR(expression)                                    \
  do {                                                                       \
    if (::leoam::Status leoam_status_ = (expression); !leoam_status_.ok()) { \
      return leoam_status_;                                                  \
    }                                                                        \
  } while (false)
