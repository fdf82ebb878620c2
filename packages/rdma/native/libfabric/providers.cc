#include "providers.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <memory>
#include <string>

#include "hints.h"
#include "library.h"

namespace bowecho {

namespace {

/** The local address of a provider, where it is one of the internet. */
std::string addressText(const fi_info& info) {
  char text[INET6_ADDRSTRLEN] = "";
  if (info.src_addr == nullptr) return text;
  if (info.addr_format == FI_SOCKADDR_IN) {
    inet_ntop(AF_INET, &static_cast<const sockaddr_in*>(info.src_addr)->sin_addr, text, sizeof text);
  } else if (info.addr_format == FI_SOCKADDR_IN6) {
    inet_ntop(AF_INET6, &static_cast<const sockaddr_in6*>(info.src_addr)->sin6_addr, text, sizeof text);
  }
  return text;
}

}  // namespace

Napi::Value listProviders(const Napi::CallbackInfo& call) {
  Napi::Env env = call.Env();
  Napi::Object result = Napi::Object::New(env);
  std::string reason;
  const LibfabricLibrary* library = LibfabricLibrary::load(reason);
  if (library == nullptr) {
    result.Set("reason", reason);
    return result;
  }
  Napi::Array version = Napi::Array::New(env, 2);
  version.Set(0u, library->major());
  version.Set(1u, library->minor());
  result.Set("version", version);
  const std::string node = call[0].As<Napi::Object>().Get("node").As<Napi::String>().Utf8Value();
  using Info = std::unique_ptr<fi_info, void (*)(fi_info*)>;
  const Info hints(library->duplicate(nullptr), library->free);
  Napi::Array providers = Napi::Array::New(env);
  result.Set("providers", providers);
  if (hints == nullptr) return result;
  askForWrites(*hints, "", node);
  fi_info* first = nullptr;
  const int found = library->getInfo(LIBFABRIC_API, node.empty() ? nullptr : node.c_str(), nullptr,
                                     node.empty() ? 0 : FI_SOURCE, hints.get(), &first);
  if (found != 0) return result;  // -FI_ENODATA: nothing does what we need
  const Info all(first, library->free);
  uint32_t count = 0;
  for (const fi_info* one = first; one != nullptr; one = one->next) {
    Napi::Object provider = Napi::Object::New(env);
    provider.Set("provider", one->fabric_attr->prov_name);
    provider.Set("domain", one->domain_attr->name == nullptr ? "" : one->domain_attr->name);
    provider.Set("address", addressText(*one));
    providers.Set(count++, provider);
  }
  return result;
}

}  // namespace bowecho
