#include "hints.h"

#include <cstring>

namespace bowecho {

void askForWrites(fi_info& hints, const std::string& provider, const std::string& node) {
  hints.caps = FI_MSG | FI_RMA | FI_WRITE | FI_REMOTE_WRITE;
  hints.mode = FI_CONTEXT | FI_CONTEXT2;
  hints.ep_attr->type = FI_EP_RDM;
  hints.tx_attr->msg_order = FI_ORDER_WAW;
  hints.rx_attr->msg_order = FI_ORDER_WAW;
  hints.domain_attr->mr_mode = FI_MR_LOCAL | FI_MR_VIRT_ADDR | FI_MR_ALLOCATED | FI_MR_PROV_KEY;
  hints.domain_attr->threading = FI_THREAD_DOMAIN;
  hints.domain_attr->control_progress = FI_PROGRESS_MANUAL;
  hints.domain_attr->data_progress = FI_PROGRESS_MANUAL;
  // Verbs take an address for one of IPv4 where nobody says otherwise.
  if (node.find(':') != std::string::npos) hints.addr_format = FI_SOCKADDR_IN6;
  // Freed with the hints, by the library.
  if (!provider.empty()) hints.fabric_attr->prov_name = strdup(provider.c_str());
}

}  // namespace bowecho
