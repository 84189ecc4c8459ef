// Work that ends with an error where the system has no room for it.
#pragma once

#include <exception>
#include <new>
#include <string>
#include <system_error>

#include "leoam/status.h"

namespace leoam {

// What `work` returns. Exceptions, which only the standard library throws here, become errors: no
// memory and no thread are kNoSpace, anything else is kInternal. Any thread.
template <typename R, typename Work>
Result<R> Guarded(const Work& work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return Status(StatusCode::kNoSpace, "There is not enough memory for this.");
  } catch (const std::system_error& error) {
    return Status(StatusCode::kNoSpace,
                  std::string("The system cannot start what this needs (") + error.what() + ").");
  } catch (const std::exception& error) {
    return Status(StatusCode::kInternal, std::string("This failed: ") + error.what() + ".");
  }
}

}  // namespace leoam
