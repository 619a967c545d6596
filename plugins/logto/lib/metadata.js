// What Logto's console shows: as the official connector has it, and the fields
// that it lacks.

import { ConnectorConfigFormItemType as Type } from '@logto/connector-kit';

const usageTypes = [
  'SignIn',
  'Register',
  'ForgotPassword',
  'OrganizationInvitation',
  'Generic',
  'UserPermissionValidation',
  'BindNewIdentifier',
  'MfaVerification',
  'BindMfa',
];

const official = [
  {
    key: 'accessKeyId',
    label: 'Access Key ID',
    type: Type.Text,
    required: true,
    placeholder: '<access-key-id>',
  },
  {
    key: 'accessKeySecret',
    label: 'Access Key Secret',
    type: Type.Text,
    required: true,
    placeholder: '<access-key-secret>',
  },
  {
    key: 'signName',
    label: 'Signature Name',
    type: Type.Text,
    required: true,
    placeholder: '<signature-name>',
  },
  {
    key: 'templates',
    label: 'Templates',
    type: Type.Json,
    required: true,
    defaultValue: usageTypes.map((usageType) => ({ usageType, templateCode: '<template-code>' })),
  },
  {
    key: 'strictPhoneRegionNumberCheck',
    label: 'Strict Phone Region Number Check',
    type: Type.Switch,
    defaultValue: false,
    description:
      "When this configuration is enabled, the connector will assume by default that all phone numbers include a valid region code and rely on this to determine whether the phone number belongs to mainland China. If your users' phone numbers do not include a region code due to historical reasons, their sign-in processes may be affected. Please enable this setting with caution.",
  },
];

const ours = [
  {
    key: 'signNames',
    label: 'Signature Names by Region',
    type: Type.Json,
    defaultValue: {},
    description:
      'Signatures for numbers of the Chinese mainland and for all others, where they differ: {"china": "…", "overseas": "…"}. They go before the signature name above.',
  },
  {
    key: 'defaultCountry',
    label: 'Default Country',
    type: Type.Text,
    placeholder: 'CN',
    description:
      'Two letters of the country whose numbers your database holds without a country code. 13012345678 is a number of China and, with the country code first, one of Maryland: with CN it is the former, without this the latter.',
  },
  {
    key: 'endpoint',
    label: 'Endpoint',
    type: Type.Text,
    placeholder: 'https://dysmsapi.aliyuncs.com',
    description: "Where requests go, if not to Aliyun's endpoint of the region.",
  },
  {
    key: 'region',
    label: 'Region',
    type: Type.Text,
    placeholder: 'cn-hangzhou',
    description: "Aliyun's region, such as ap-southeast-1 for accounts of the international site.",
  },
  {
    key: 'timeoutMs',
    label: 'Time-out (ms)',
    type: Type.Number,
    defaultValue: 8000,
    description: 'How long one message may take in all, from 100 to 120000.',
  },
  {
    key: 'securityToken',
    label: 'Security Token',
    type: Type.Text,
    isConfidential: true,
    description: 'Belongs to a temporary access key only.',
  },
];

export const metadata = {
  id: 'aliyun-short-message-service',
  target: 'aliyun-sms',
  platform: null,
  name: {
    en: 'Aliyun Short Message Service',
    'zh-CN': '阿里云短信服务',
    'tr-TR': 'Aliyun SMS Servisi',
    ko: 'Aliyun Short 메세지 서비스',
  },
  logo: './logo.svg',
  logoDark: null,
  description: {
    en: 'Aliyun provides cloud computing services to online businesses.',
    'zh-CN': '阿里云是全球性的云服务提供商。',
    'tr-TR': 'Aliyun, çevrimiçi işletmelere bulut bilişim hizmetleri sunmaktadır.',
    ko: 'Aliyun는 온라인 비지니스를 위해 클라우딩 컴퓨팅 서비스를 제공합니다.',
  },
  readme: './README.md',
  formItems: [...official, ...ours],
};
